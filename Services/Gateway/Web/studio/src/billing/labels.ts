import { useMemo } from "react";
import { useAnswer } from "./useAnswer";

export type Labels = Map<string, string>;

/** What the price table calls each operation, and each model of it. */
export function usePriceLabels(isWanted: boolean): Labels {
  const { answer } = useAnswer("listPrices", { catalogue: "studio" }, null, isWanted);
  return useMemo(
    () =>
      new Map(
        answer?.prices.map((one) => [`${one.operation} ${one.model ?? ""}`, one.label] as const),
      ),
    [answer],
  );
}

export function operationLabel(labels: Labels, operation: string, model: string | null): string {
  return (
    labels.get(`${operation} ${model ?? ""}`) ??
    labels.get(`${operation} `) ??
    operation.replace(/[._]/g, " ")
  );
}
