import { Pack } from "../api/schema";
import { minus } from "../credits/amount";
import { Shortage, State } from "./state";

/** What is missing, out of the details of a 402; the pack is the server's, else the smallest that
 * is enough. */
export function shortage(
  details: Record<string, unknown>,
  state: State,
  operation: string,
): Shortage {
  const number = (name: string): number => Number(details[name] ?? 0);
  const shortBy = number("shortBy") || minus(number("required"), number("available"));
  const suggested = details["suggestion"];
  const known = state.packs.find((one) => one.id === packID(suggested));
  const smallest = [...state.packs]
    .sort((a, b) => a.credits - b.credits)
    .find((one) => one.credits >= shortBy);
  return {
    required: number("required"),
    available: number("available"),
    shortBy,
    operation,
    pack: known ?? smallest ?? null,
  };
}

function packID(suggestion: unknown): string | null {
  if (typeof suggestion !== "object" || suggestion === null) return null;
  const pack = (suggestion as { pack?: unknown }).pack ?? suggestion;
  if (typeof pack === "string") return pack;
  return (pack as Partial<Pack>).id ?? null;
}
