import { useEffect, useState } from "react";

const query = "(prefers-reduced-motion: reduce)";

/** Whether the person has asked the system for less motion. */
export function useStillness(): boolean {
  const [isStill, setStill] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const list = matchMedia(query);
    const change = () => setStill(list.matches);
    list.addEventListener("change", change);
    return () => list.removeEventListener("change", change);
  }, []);
  return isStill;
}
