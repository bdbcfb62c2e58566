import { MouseEvent, ReactElement, ReactNode } from "react";
import { AccountButton } from "./account/AccountButton";
import { CreditPill } from "./credits/CreditPill";
import { go, paths, Tool } from "./router";
import { BillingIcon, CreateIcon, GalleryIcon, HomeIcon, KeysIcon, StudioIcon } from "./ui/icons";
import { ThemeSwitch } from "./ui/theme";
import { useStudio } from "./ui/useStudio";

const tools: [Tool, string, () => ReactElement][] = [
  ["create", "Create", CreateIcon],
  ["studio", "Studio", StudioIcon],
  ["generations", "Generations", GalleryIcon],
  ["billing", "Billing", BillingIcon],
];

/** The tools, and what concerns all of them. */
export function Rail({ tool }: { tool: Tool }) {
  const { studio, state } = useStudio();
  return (
    <nav className="rail" aria-label="Tools">
      {tools.map(([id, label, Icon]) => (
        <RailLink key={id} path={paths[id]} label={label} isCurrent={id === tool}>
          <Icon />
          <span>{id === "generations" ? "Genera\u00adtions" : label}</span>
          {id === "create" && state.running && tool !== "create" && (
            <i className="rail-dot" aria-hidden="true" />
          )}
        </RailLink>
      ))}
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
      <AccountButton />
      <CreditPill />
      <RailLink path="/" label="Home" isCurrent={false} className="rail-home">
        <HomeIcon />
        <span>Home</span>
      </RailLink>
    </nav>
  );
}

interface LinkProperties {
  path: string;
  label: string;
  isCurrent: boolean;
  className?: string;
  children: ReactNode;
}

function RailLink({ path, label, isCurrent, className = "", children }: LinkProperties) {
  return (
    <a
      className={`rail-button rail-tool ${className}`}
      href={path}
      title={label}
      aria-label={label}
      aria-current={isCurrent ? "page" : undefined}
      onClick={(event) => follow(event, path)}
    >
      {children}
    </a>
  );
}

/** A plain click switches the tool; every other one does what links do. */
function follow(event: MouseEvent, path: string): void {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  go(path);
}
