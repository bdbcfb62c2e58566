import { ReactElement, useEffect, useLayoutEffect, useRef, useState } from "react";
import { BillingView } from "./billing/BillingView";
import { BottomBar } from "./BottomBar";
import { CreateView } from "./create/CreateView";
import { Dialogs } from "./Dialogs";
import { GenerationsView } from "./gallery/GenerationsView";
import { Rail } from "./Rail";
import { Tool, toolAt, useAddress } from "./router";
import { StudioView } from "./studio-tool/StudioView";
import { CloseIcon } from "./ui/icons";
import { useStudio } from "./ui/useStudio";

/** The shell: the rail with the tools, the workspace, the bar at the bottom and the dialogs. */
export function App() {
  const { state } = useStudio();
  const tool = toolAt(useAddress());
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
      <Rail tool={tool} />
      <div className="stage">
        <Banners />
        <Workspace tool={tool} />
        <BottomBar tool={tool} />
      </div>
      <Dialogs />
    </div>
  );
}

const views: [Tool, (properties: { isShown: boolean }) => ReactElement | null][] = [
  ["create", CreateView],
  ["studio", StudioView],
  ["generations", GenerationsView],
  ["billing", BillingView],
];

/** The tool that is shown; those that were shown before wait beside it as they were left. */
function Workspace({ tool }: { tool: Tool }) {
  const work = useRef<HTMLElement>(null);
  const left = useRef<Tool>(tool);
  const seen = useRef(new Set<Tool>());
  const positions = useRef(new Map<Tool, number>());
  seen.current.add(tool);
  useLayoutEffect(() => {
    if (left.current === tool) return;
    left.current = tool;
    work.current?.scrollTo({ top: positions.current.get(tool) ?? 0 });
    // What a tool begins with, for the keyboard and the screen reader.
    const heading = work.current?.querySelector<HTMLElement>(".tool:not([hidden]) h1");
    heading?.focus({ preventScroll: true });
  }, [tool]);
  return (
    <main
      id="work"
      ref={work}
      className="work"
      tabIndex={-1}
      onScroll={(event) => positions.current.set(tool, event.currentTarget.scrollTop)}
    >
      {views.map(
        ([id, View]) =>
          seen.current.has(id) && (
            <div key={id} className="tool" hidden={id !== tool}>
              <View isShown={id === tool} />
            </div>
          ),
      )}
    </main>
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
            <button
              type="button"
              className="button-small"
              onClick={() => void studio.failures.retryFailed()}
            >
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
                onClick={() => void studio.failures.retryFailed()}
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
