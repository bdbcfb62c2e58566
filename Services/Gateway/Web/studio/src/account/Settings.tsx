import { setLetterKeys, useLetterKeys } from "../ui/letterKeys";
import { setTheme, Theme, useTheme } from "../ui/theme";

const themes: [Theme, string][] = [
  ["system", "As the system"], ["light", "Light"], ["dark", "Dark"],
];

/** What is set for this browser. */
export function Settings() {
  const theme = useTheme();
  return (
    <section className="settings" aria-label="This browser">
      <label className="setting">
        Theme
        <select value={theme} onChange={(event) => setTheme(event.target.value as Theme)}>
          {themes.map(([id, name]) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <LetterKeysSwitch />
    </section>
  );
}

/** Keys of one letter or digit get in the way of speech input; they can be switched off. */
export function LetterKeysSwitch() {
  const areOn = useLetterKeys();
  return (
    <label className="check">
      <input
        type="checkbox"
        checked={areOn}
        onChange={(event) => setLetterKeys(event.target.checked)}
      />
      Keys of one letter or digit
    </label>
  );
}
