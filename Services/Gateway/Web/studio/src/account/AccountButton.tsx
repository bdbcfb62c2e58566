import { AccountIcon } from "../ui/icons";
import { useStudio } from "../ui/useStudio";

/** Who one is, and the way to sign up, log in, log out and to what is set. */
export function AccountButton() {
  const { studio, state } = useStudio();
  const { user } = state;
  const who = user?.kind === "member" ? user.email ?? user.name : "guest";
  return (
    <button
      type="button"
      className="rail-button"
      aria-label={`Account: ${who}`}
      title={`Account: ${who}`}
      onClick={() => studio.patch({ dialog: { kind: "account", isEnded: false, email: "" } })}
    >
      <AccountIcon />
    </button>
  );
}
