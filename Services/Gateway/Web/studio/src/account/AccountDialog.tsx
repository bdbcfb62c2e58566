import { useState } from "react";
import { Refusal, Unreachable } from "../api/client";
import { User } from "../api/schema";
import { Dialog } from "../ui/Dialog";
import { useStudio } from "../ui/useStudio";
import { Settings } from "./Settings";
import { SignInForm } from "./SignInForm";

interface Properties {
  /** The sign-in has ended, and the page waits for it. */
  isEnded: boolean;
  email: string;
  onClose: () => void;
}

/** Who one is here, a way to become somebody, and what is set for this browser. */
export function AccountDialog({ isEnded, email, onClose }: Properties) {
  const { studio, state } = useStudio();
  const [mode, setMode] = useState<"signUp" | "logIn">("signUp");
  const { user } = state;
  if (isEnded) {
    return (
      <Dialog title="Your sign-in has ended">
        <p>Log in again to go on. Nothing on this page is lost.</p>
        <SignInForm mode="logIn" email={email} isEmailFixed />
        <button
          type="button"
          className="link"
          onClick={() => void studio.account.startAnew()}
        >
          Go on as a new guest instead
        </button>
      </Dialog>
    );
  }
  return (
    <Dialog title="Account" onClose={onClose}>
      {user?.kind === "member" ? (
        <Member user={user} />
      ) : (
        <>
          <p>
            You are here as a guest: what you make is kept in this browser. With an account it is
            yours everywhere.
          </p>
          <div className="switch" role="group" aria-label="Account">
            <button
              type="button"
              aria-pressed={mode === "signUp"}
              onClick={() => setMode("signUp")}
            >
              Sign up
            </button>
            <button type="button" aria-pressed={mode === "logIn"} onClick={() => setMode("logIn")}>
              Log in
            </button>
          </div>
          <SignInForm key={mode} mode={mode} onLogIn={() => setMode("logIn")} />
          {mode === "logIn" && (
            <p className="dim">
              What you have made as a guest waits here until you log out. To take it along, sign up.
            </p>
          )}
        </>
      )}
      <Settings />
    </Dialog>
  );
}

function Member({ user }: { user: User }) {
  const { studio } = useStudio();
  const [trouble, setTrouble] = useState<string | null>(null);
  const [isLeaving, setLeaving] = useState(false);
  const leave = async () => {
    setLeaving(true);
    try {
      await studio.account.logOut();
    } catch (error) {
      if (!(error instanceof Refusal || error instanceof Unreachable)) throw error;
      setTrouble(error.message);
      setLeaving(false);
    }
  };
  return (
    <>
      <p>
        You are logged in as <b className="account-email">{user.email ?? user.name}</b>.
      </p>
      <div role="alert">{trouble && <p className="bad">{trouble}</p>}</div>
      <div className="dialog-actions">
        <button
          type="button"
          className="button"
          disabled={isLeaving}
          onClick={() => void leave()}
        >
          Log out
        </button>
      </div>
    </>
  );
}
