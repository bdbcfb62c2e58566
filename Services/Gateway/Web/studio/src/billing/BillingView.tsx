import { CreditSummary } from "../credits/CreditsDialog";
import { useStudio } from "../ui/useStudio";

/** The balance, what the session costs and the packs there are. */
export function BillingView() {
  const { state } = useStudio();
  return (
    <section className="page">
      <h1 tabIndex={-1}>Billing</h1>
      <CreditSummary state={state} />
    </section>
  );
}
