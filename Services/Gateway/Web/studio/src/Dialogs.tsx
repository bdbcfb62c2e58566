import "./style/account.css";
import { AccountDialog } from "./account/AccountDialog";
import { LetterKeysSwitch } from "./account/Settings";
import { CreditsDialog } from "./credits/CreditsDialog";
import { ShortDialog } from "./credits/ShortDialog";
import { toolAt, useAddress } from "./router";
import { progressSteps } from "./state/state";
import { Session } from "./api/schema";
import { Dialog } from "./ui/Dialog";
import { useStudio } from "./ui/useStudio";

/** The one dialog that is open, if any. */
export function Dialogs() {
  const { studio, state } = useStudio();
  const { dialog } = state;
  const isCreate = toolAt(useAddress()) === "create";
  const close = () => studio.patch({ dialog: null });
  switch (dialog?.kind) {
    case "resume":
      // It waits where sessions are: somebody who came for something else is not asked.
      return isCreate ? <ResumeDialog session={dialog.session} /> : null;
    case "expired":
      return (
        <Dialog title="This session has ended">
          <p>
            Sessions end a day after the last change. Your pictures were charged only once, and a
            new session begins with an empty page.
          </p>
          <div className="dialog-actions">
            <button
              type="button"
              className="button button-main"
              autoFocus
              onClick={() => void studio.sessions.startFresh(null)}
            >
              Begin anew
            </button>
          </div>
        </Dialog>
      );
    case "short":
      return <ShortDialog shortage={dialog.shortage} onClose={close} />;
    case "credits":
      return <CreditsDialog state={state} onClose={close} />;
    case "keys":
      return <KeysDialog onClose={close} />;
    case "account":
      return <AccountDialog isEnded={dialog.isEnded} email={dialog.email} onClose={close} />;
    default:
      return null;
  }
}

function ResumeDialog({ session }: { session: Session }) {
  const { studio } = useStudio();
  const step = progressSteps.find((one) => one.step === session.currentStep)?.label ?? "Intent";
  const images = session.imageHistory.flatMap((set) => set.images);
  const picture = session.previewImageUrl ?? lastURL(images);
  return (
    <Dialog title="You have an unfinished session">
      {picture && <img className="resume-picture" src={picture} alt="The last picture of it" />}
      <p className="resume-intent">“{session.intent}”</p>
      <p className="dim">
        At the step {step}. Starting fresh gives it up; what it has cost stays charged.
      </p>
      <div className="dialog-actions">
        <button
          type="button"
          className="button"
          onClick={() => void studio.sessions.startFresh(session)}
        >
          Start fresh
        </button>
        <button
          type="button"
          className="button button-main"
          autoFocus
          onClick={() => void studio.sessions.resume(session)}
        >
          Resume
        </button>
      </div>
    </Dialog>
  );
}

function lastURL(images: Session["imageHistory"][number]["images"]): string | null {
  for (const image of [...images].reverse()) if ("url" in image) return image.url;
  return null;
}

const keys: [string, [string, string][]][] = [
  ["Create", [
    ["← → ↑ ↓", "Move between the choices"],
    ["Enter", "Choose"],
    ["1 – 4", "Choose the first to the fourth"],
    ["R", "Make four new pictures"],
    ["Esc", "Go back, or stop what is being made"],
  ]],
  ["Generations", [
    ["← → ↑ ↓", "Move between what you have made"],
    ["Enter", "Open, with how it was made"],
    ["S", "Star"],
    ["C", "Compare: on one, then on another"],
    ["X", "Select"],
    ["Delete", "Delete"],
    ["Ctrl Z", "Take the deletion back"],
    ["Esc", "Close, or clear the selection"],
  ]],
  ["Everywhere", [["?", "This sheet"]]],
];

function KeysDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keyboard" onClose={onClose}>
      {keys.map(([place, lines]) => (
        <table key={place} className="table keys">
          <caption>{place}</caption>
          <tbody>
            {lines.map(([key, meaning]) => (
              <tr key={key}>
                <th scope="row">
                  <kbd>{key}</kbd>
                </th>
                <td>{meaning}</td>
              </tr>
            ))}
          </tbody>
        </table>
      ))}
      <LetterKeysSwitch />
    </Dialog>
  );
}
