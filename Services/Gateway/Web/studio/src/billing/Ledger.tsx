import { useEffect, useState } from "react";
import { HistoryEntry } from "../api/schema";
import { amountText, signedText } from "../credits/amount";
import { DownloadIcon } from "../ui/icons";
import { useStudio } from "../ui/useStudio";
import { Labels, operationLabel, usePriceLabels } from "./labels";
import { reason, useAnswer } from "./useAnswer";

const pageSize = "25";

const kinds: [string, string][] = [
  ["grant,capture,refund,expire,merge,correction", "Charged and added"],
  ["capture", "Charged"],
  ["grant,refund,merge", "Added"],
  ["hold,release", "Set aside"],
  ["", "Everything"],
];

const words: Record<string, string> = {
  grant: "Credits added",
  hold: "Set aside",
  capture: "Charged",
  release: "Given back",
  expire: "Ran out",
  refund: "Refunded",
  merge: "Brought along",
  correction: "Corrected",
};

interface Properties {
  isShown: boolean;
  onStatement: (id: string) => void;
}

/** Every row of the ledger, newest first, with the balance after each. */
export function Ledger({ isShown, onStatement }: Properties) {
  const { studio, state } = useStudio();
  const [kind, setKind] = useState(kinds[0]?.[0] ?? "");
  const [from, setFrom] = useState("");
  const [until, setUntil] = useState("");
  const [isOfSession, setOfSession] = useState(false);
  const [older, setOlder] = useState<{ entries: HistoryEntry[]; next: string | null } | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const labels = usePriceLabels(isShown);
  const session = state.session?.id;
  const filters: Record<string, string> = {};
  if (kind) filters["kind"] = kind;
  if (from) filters["from"] = new Date(`${from}T00:00`).toISOString();
  if (until) filters["until"] = dayAfter(until);
  if (isOfSession && session) filters["sessionId"] = session;
  const query = JSON.stringify(filters);
  const newest = useAnswer(
    "listCreditHistory", { ...filters, limit: pageSize },
    `${state.balance?.balance} ${state.balance?.held}`, isShown,
  );
  useEffect(() => setOlder(null), [query]);

  const first = newest.answer?.entries ?? [];
  // A row that came in meanwhile moves the first page; none is shown twice.
  const oldest = first[first.length - 1]?.sequence ?? Infinity;
  const rest = older?.entries.filter((entry) => entry.sequence < oldest) ?? [];
  const entries = [...first, ...rest];
  const next = older ? older.next : newest.answer?.nextCursor ?? null;

  const readOlder = async () => {
    if (!next) return;
    setTrouble(null);
    try {
      let cursor: string | null = next;
      let found: HistoryEntry[] = [];
      // A filtered page may be empty and still have a next one.
      for (let page = 0; cursor && found.length === 0 && page < 8; page += 1) {
        const answer: { entries: HistoryEntry[]; nextCursor: string | null } =
          await studio.client.read("listCreditHistory", { ...filters, limit: pageSize, cursor });
        found = answer.entries;
        cursor = answer.nextCursor;
      }
      setOlder({ entries: [...first, ...rest, ...found], next: cursor });
    } catch (error) {
      setTrouble(reason(error));
    }
  };

  const save = async (format: "csv" | "json") => {
    setTrouble(null);
    try {
      const file = await studio.client.download("exportCreditHistory", { ...filters, format });
      const link = document.createElement("a");
      link.href = URL.createObjectURL(file);
      link.download = `credits.${format}`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    } catch (error) {
      setTrouble(reason(error));
    }
  };

  return (
    <section className="ledger" aria-labelledby="ledger" aria-busy={!newest.answer}>
      <header className="card-head">
        <h2 id="ledger">Ledger</h2>
        <span className="ledger-export">
          <button type="button" className="button-small" onClick={() => void save("csv")}>
            <DownloadIcon /> CSV
          </button>
          <button type="button" className="button-small" onClick={() => void save("json")}>
            <DownloadIcon /> JSON
          </button>
        </span>
      </header>
      <div className="field-row ledger-filters">
        <label className="field">
          Show
          <select value={kind} onChange={(event) => setKind(event.target.value)}>
            {kinds.map(([value, name]) => (
              <option key={name} value={value}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <label className="field">
          From
          <input type="date" value={from} onChange={(event) => setFrom(event.target.value)} />
        </label>
        <label className="field">
          To
          <input type="date" value={until} onChange={(event) => setUntil(event.target.value)} />
        </label>
        {session && (
          <label className="check">
            <input
              type="checkbox"
              checked={isOfSession}
              onChange={(event) => setOfSession(event.target.checked)}
            />
            Only this session
          </label>
        )}
      </div>
      <div role="alert">
        {(trouble ?? newest.trouble) && <p className="bad">{trouble ?? newest.trouble}</p>}
      </div>
      {!newest.answer && !newest.trouble && <span className="skeleton ledger-wait" />}
      {newest.answer && entries.length === 0 && <p className="dim">Nothing here yet.</p>}
      {entries.length > 0 && (
        <table className="table ledger-table">
          <thead>
            <tr>
              <th scope="col">When</th>
              <th scope="col">What</th>
              <th scope="col">Credits</th>
              <th scope="col">Balance</th>
            </tr>
          </thead>
          <tbody>
            {entries.map((entry) => (
              <Row key={entry.sequence} entry={entry} labels={labels} onStatement={onStatement} />
            ))}
          </tbody>
        </table>
      )}
      {next && (
        <p className="ledger-more">
          <button type="button" className="button" onClick={() => void readOlder()}>
            Older
          </button>
        </p>
      )}
    </section>
  );
}

interface RowProperties {
  entry: HistoryEntry;
  labels: Labels;
  onStatement: (id: string) => void;
}

function Row({ entry, labels, onStatement }: RowProperties) {
  const { operation, sessionId } = entry;
  const what = operation ? operationLabel(labels, operation, entry.model) : entry.note ?? "";
  const isHold = entry.kind === "hold" || entry.kind === "release";
  return (
    <tr>
      <td>
        <time dateTime={entry.at}>{moment(entry.at)}</time>
      </td>
      <th scope="row">
        <span>{what || words[entry.kind]}</span>
        <small>
          {words[entry.kind] ?? entry.kind}
          {sessionId && (
            <>
              {" · "}
              <button type="button" className="link" onClick={() => onStatement(sessionId)}>
                session
                <span className="sr-only"> {sessionId}: its statement</span>
              </button>
            </>
          )}
        </small>
      </th>
      <td className={entry.amount > 0 ? "good" : ""}>
        {isHold ? (
          <span className="dim">
            ({amountText(Math.abs(entry.held))}
            <span className="sr-only">
              {entry.kind === "hold" ? " set aside" : " given back"}
            </span>
            )
          </span>
        ) : (
          signedText(entry.amount) || "0"
        )}
      </td>
      <td>{amountText(entry.balanceAfter)}</td>
    </tr>
  );
}

function moment(time: string): string {
  return new Date(time).toLocaleString(undefined, {
    day: "numeric", month: "short", hour: "2-digit", minute: "2-digit",
  });
}

/** The beginning of the day after, so that the day itself is within. */
function dayAfter(date: string): string {
  const time = new Date(`${date}T00:00`);
  time.setDate(time.getDate() + 1);
  return time.toISOString();
}
