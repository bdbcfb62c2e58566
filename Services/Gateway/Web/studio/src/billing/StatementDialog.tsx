import { amountText } from "../credits/amount";
import { Dialog } from "../ui/Dialog";
import { operationLabel, usePriceLabels } from "./labels";
import { useAnswer } from "./useAnswer";

/** What one session was charged, and for what. */
export function StatementDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const { answer, trouble } = useAnswer("getStatement", { sessionId: id }, id);
  const labels = usePriceLabels(true);
  return (
    <Dialog title="Statement of a session" onClose={onClose}>
      <p className="dim statement-id">{id}</p>
      {trouble && (
        <p className="bad" role="alert">
          {trouble}
        </p>
      )}
      {!answer && !trouble && <span className="skeleton statement-wait" />}
      {answer && (
        <table className="table">
          <thead>
            <tr>
              <th scope="col">For</th>
              <th scope="col">Times</th>
              <th scope="col">Charged</th>
            </tr>
          </thead>
          <tbody>
            {answer.lines.map((line) => (
              <tr key={`${line.operation} ${line.model ?? ""}`}>
                <th scope="row">{operationLabel(labels, line.operation, line.model)}</th>
                <td>{line.holds}</td>
                <td>{amountText(line.charged)}</td>
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row">Total</th>
              <td />
              <td>{amountText(answer.charged)}</td>
            </tr>
            {answer.held > 0 && (
              <tr>
                <th scope="row">Still set aside</th>
                <td />
                <td>{amountText(answer.held)}</td>
              </tr>
            )}
          </tfoot>
        </table>
      )}
    </Dialog>
  );
}
