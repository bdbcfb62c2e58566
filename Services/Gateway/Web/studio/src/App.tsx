import { useEffect, useState } from "react";
import { CreateView } from "./create/CreateView";
import { CreditPill } from "./credits/CreditPill";
import { Dialogs } from "./Dialogs";
import { credits } from "./state/state";
import { CloseIcon, CreateIcon, KeysIcon } from "./ui/icons";
import { ThemeSwitch } from "./ui/theme";
import { useStudio } from "./ui/useStudio";

const creditPages = ["/billing", "/pricing"];

/** The shell: the rail with the tools, the workspace, the bar at the bottom and the dialogs. */
export function App() {
  const { studio, state } = useStudio();
  useEffect(() => {
    if (creditPages.includes(location.pathname)) studio.patch({ dialog: { kind: "credits" } });
  }, [studio]);
  useEffect(() => {
    if (!state.running) return undefined;
    const ask = (event: BeforeUnloadEvent) => {
      event.preventDefault();
      event.returnValue = "";
    };
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [state.running !== null]);
  return (
    <div className="shell">
      <a className="skip-link" href="#work">
        To the workspace
      </a>
      <nav className="rail" aria-label="Tools">
        <a
          className="rail-button rail-tool"
          href="/create"
          aria-current="page"
          onClick={(event) => event.preventDefault()}
        >
          <CreateIcon />
          <span>Create</span>
        </a>
        <div className="rail-space" />
        <button
          type="button"
          className="rail-button rail-keys"
          aria-label="Keyboard shortcuts"
          title="Keyboard shortcuts (?)"
          onClick={() => studio.patch({ dialog: { kind: "keys" } })}
        >
          <KeysIcon />
        </button>
        <ThemeSwitch />
        <CreditPill />
      </nav>
      <div className="stage">
        <Banners />
        <main id="work" className="work" tabIndex={-1}>
          <CreateView />
        </main>
        <BottomBar />
      </div>
      <Dialogs />
    </div>
  );
}

function Banners() {
  const { studio, state } = useStudio();
  const [isOld, setOld] = useState(false);
  const isCut = state.isSignedIn && !state.isOnline;
  // A connection that comes back at once is not worth a word.
  useEffect(() => {
    setOld(false);
    if (!isCut) return undefined;
    const timer = setTimeout(() => setOld(true), 1200);
    return () => clearTimeout(timer);
  }, [isCut]);
  const showsCut = isCut && (isOld || state.trouble !== null);
  return (
    <>
      <div className="banners" role="alert">
        {(showsCut || (!state.isSignedIn && state.trouble)) && (
          <p className="banner banner-bad">
            <span>You are offline. What you have made is kept; the studio is trying again.</span>
            <button type="button" className="button-small" onClick={() => void studio.retryFailed()}>
              Try again
            </button>
          </p>
        )}
        {state.trouble && state.isOnline && state.isSignedIn && (
          <p className="banner banner-bad">
            <span>{state.trouble.text}</span>
            {state.trouble.canRetry && (
              <button
                type="button"
                className="button-small"
                onClick={() => void studio.retryFailed()}
              >
                Try again
              </button>
            )}
            <Dismiss onClick={() => studio.patch({ trouble: null })} />
          </p>
        )}
      </div>
      <div className="banners" role="status">
        {state.notice && (
          <p className="banner">
            <span>{state.notice}</span>
            <Dismiss onClick={() => studio.patch({ notice: null })} />
          </p>
        )}
      </div>
    </>
  );
}

function Dismiss({ onClick }: { onClick: () => void }) {
  return (
    <button type="button" className="icon-button" aria-label="Dismiss" onClick={onClick}>
      <CloseIcon />
    </button>
  );
}

function BottomBar() {
  const { state } = useStudio();
  const { session, balance, costs } = state;
  const total = session?.estimatedTotal ?? costs?.total ?? null;
  const spent = session?.totalCreditsConsumed ?? 0;
  return (
    <footer className="bar">
      <p className="bar-intent">
        {session && (
          <>
            <span className="bar-aspect">{session.aspectRatio}</span>
            <span className="bar-text" title={session.intent}>
              {session.intent}
            </span>
          </>
        )}
      </p>
      <p className="bar-cost">
        {total !== null && (
          <>
            <span className="meter" aria-hidden="true">
              <i ref={width(total ? Math.min(1, spent / total) : 0)} />
            </span>
            <span>
              <b>{credits(spent)}</b> of about {credits(total)} cr
            </span>
          </>
        )}
        {balance && (
          <span className={total !== null && balance.available < total - spent ? "low" : ""}>
            {" "}
            · {credits(balance.balance)} bal
          </span>
        )}
      </p>
    </footer>
  );
}

/** Sets a width from script, which the policy of the page allows where an attribute is not. */
export function width(share: number) {
  return (element: HTMLElement | null) => {
    if (element) element.style.width = `${Math.round(share * 100)}%`;
  };
}
