import { FormEvent, useEffect, useId, useRef, useState } from "react";
import { Refusal, Unreachable } from "../api/client";
import { useStudio } from "../ui/useStudio";

const passwordMin = 8;

interface Properties {
  mode: "signUp" | "logIn";
  email?: string;
  /** It is this person or nobody. */
  isEmailFixed?: boolean;
  /** Leads from an e-mail that has an account to logging in. */
  onLogIn?: () => void;
}

interface Faults {
  email?: string;
  password?: string;
  all?: string;
}

/** E-mail and password, as password managers know them; what is wrong is said where it is. */
export function SignInForm({ mode, email: known = "", isEmailFixed = false, onLogIn }: Properties) {
  const { studio } = useStudio();
  const [email, setEmail] = useState(known);
  const [password, setPassword] = useState("");
  const [isSeen, setSeen] = useState(false);
  const [isSending, setSending] = useState(false);
  const [faults, setFaults] = useState<Faults>({});
  const [isTaken, setTaken] = useState(false);
  const emailField = useRef<HTMLInputElement>(null);
  const passwordField = useRef<HTMLInputElement>(null);
  const id = useId();
  const isNew = mode === "signUp";

  // The first field that is wrong has the focus, and a screen reader reads why.
  useEffect(() => {
    if (faults.email) emailField.current?.focus();
    else if (faults.password) passwordField.current?.focus();
  }, [faults]);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isSending) return;
    const wrong: Faults = {};
    if (!/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email.trim())) {
      wrong.email = "An e-mail address, such as name@example.org.";
    }
    if (!password) wrong.password = "A password is needed.";
    else if (isNew && password.length < passwordMin) {
      wrong.password = `At least ${passwordMin} characters.`;
    }
    setFaults(wrong);
    setTaken(false);
    if (wrong.email ?? wrong.password) return;
    setSending(true);
    const ask = isNew ? studio.account.signUp : studio.account.logIn;
    ask.call(studio.account, email.trim(), password).catch((error: unknown) => {
      setSending(false);
      setFaults(said(error));
      setTaken(error instanceof Refusal && error.code === "EMAIL_TAKEN");
    });
  };

  return (
    <form className="sign-in" onSubmit={submit} noValidate>
      <label className="field" htmlFor={`${id}-email`}>
        E-mail
      </label>
      <input
        ref={emailField}
        id={`${id}-email`}
        name="email"
        type="email"
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        readOnly={isEmailFixed}
        autoFocus={!isEmailFixed}
        maxLength={254}
        value={email}
        aria-invalid={faults.email !== undefined}
        aria-describedby={`${id}-email-fault`}
        onChange={(event) => setEmail(event.target.value)}
      />
      <p id={`${id}-email-fault`} className="fault">
        {faults.email}
        {isTaken && onLogIn && (
          <>
            {" "}
            <button type="button" className="link" onClick={onLogIn}>
              Log in instead
            </button>
          </>
        )}
      </p>
      <label className="field" htmlFor={`${id}-password`}>
        Password{isNew && <span> (at least {passwordMin} characters)</span>}
      </label>
      <span className="password">
        <input
          ref={passwordField}
          id={`${id}-password`}
          name="password"
          type={isSeen ? "text" : "password"}
          autoComplete={isNew ? "new-password" : "current-password"}
          autoFocus={isEmailFixed}
          maxLength={200}
          value={password}
          aria-invalid={faults.password !== undefined}
          aria-describedby={`${id}-password-fault`}
          onChange={(event) => setPassword(event.target.value)}
        />
        <button
          type="button"
          className="button-small"
          aria-pressed={isSeen}
          aria-label="Show the password"
          onClick={() => setSeen(!isSeen)}
        >
          {isSeen ? "Hide" : "Show"}
        </button>
      </span>
      <p id={`${id}-password-fault`} className="fault">
        {faults.password}
      </p>
      <div role="alert">{faults.all && <p className="fault">{faults.all}</p>}</div>
      <button type="submit" className="button button-main" disabled={isSending}>
        {isSending ? "One moment…" : isNew ? "Make an account" : "Log in"}
      </button>
    </form>
  );
}

/** What was refused, at the field that it is about. */
function said(error: unknown): Faults {
  if (error instanceof Unreachable) return { all: error.message };
  if (!(error instanceof Refusal)) throw error;
  if (error.code === "EMAIL_TAKEN") return { email: "There is an account with this e-mail." };
  if (error.status === 401) return { password: error.problem.detail };
  const fields = error.details["fields"];
  const faults: Faults = {};
  if (Array.isArray(fields)) {
    for (const { field, detail } of fields as { field: string; detail: string }[]) {
      if (field === "email" || field === "password") faults[field] = detail;
    }
  }
  return faults.email ?? faults.password ? faults : { all: error.problem.detail };
}
