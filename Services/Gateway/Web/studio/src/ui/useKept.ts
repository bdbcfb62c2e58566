import { useState } from "react";
import { store, stored } from "../state/storage";

/** A text that outlives its view and a reload, in this tab, until it is forgotten. */
export function useKept(key: string, initial = ""): [string, (text: string) => void] {
  const [text, setText] = useState(() => stored(key, sessionStorage) ?? initial);
  return [
    text,
    (next) => {
      setText(next);
      store(key, next, sessionStorage);
    },
  ];
}
