import { ReactNode, useEffect, useId, useRef } from "react";
import { CloseIcon } from "./icons";

const first = "form input:not([readonly]), .dialog-actions .button-main:not(:disabled)";

interface Properties {
  title: string;
  /** Called by Escape and the cross; without it there is only what the dialog offers. */
  onClose?: () => void;
  children: ReactNode;
}

/** A modal dialog of the browser's own kind: it keeps the focus and gives it back. */
export function Dialog({ title, onClose, children }: Properties) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const element = dialog.current;
    const before = document.activeElement;
    if (element && !element.open) {
      element.showModal();
      // The browser would begin with the first button, which is the cross or the lesser choice.
      element.querySelector<HTMLElement>(first)?.focus();
    }
    return () => {
      element?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      className="dialog"
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose?.();
      }}
      onKeyDown={(event) => event.stopPropagation()}
      onClick={(event) => {
        if (event.target === dialog.current) onClose?.();
      }}
    >
      <div className="dialog-body">
        <header className="dialog-head">
          <h2 id={id}>{title}</h2>
          {onClose && (
            <button type="button" className="icon-button" aria-label="Close" onClick={onClose}>
              <CloseIcon />
            </button>
          )}
        </header>
        {children}
      </div>
    </dialog>
  );
}
