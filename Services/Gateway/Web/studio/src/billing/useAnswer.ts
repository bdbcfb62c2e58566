import { useCallback, useEffect, useRef, useState } from "react";
import { OperationName, Refusal, Unreachable } from "../api/client";
import { Operations } from "../api/schema";
import { useStudio } from "../ui/useStudio";

/** Why something was not done, in words; everything else is a mistake of ours and is thrown on. */
export function reason(error: unknown): string {
  if (error instanceof Refusal || error instanceof Unreachable) return error.message;
  throw error;
}

interface Asked<N extends OperationName> {
  answer: Operations[N]["answer"] | null;
  trouble: string | null;
  again: () => void;
  replace: (answer: Operations[N]["answer"]) => void;
}

/** What the server answers to a question, asked again whenever `when` changes. */
export function useAnswer<N extends OperationName>(
  name: N, parameters: Record<string, string>, when: unknown, isWanted = true,
): Asked<N> {
  const { studio, state } = useStudio();
  const [answer, setAnswer] = useState<Operations[N]["answer"] | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const count = useRef(0);
  const query = JSON.stringify(parameters);
  const again = useCallback(() => {
    const mine = (count.current += 1);
    setTrouble(null);
    studio.client.read(name, JSON.parse(query) as Record<string, string>).then(
      (fresh) => count.current === mine && setAnswer(fresh),
      (error: unknown) => {
        if (count.current !== mine) return;
        if (error instanceof Refusal && error.status === 401) {
          return studio.failures.fail(error, null);
        }
        setTrouble(reason(error));
      },
    );
  }, [studio, name, query]);
  useEffect(() => {
    if (isWanted && state.isSignedIn) again();
  }, [again, when, isWanted, state.isSignedIn]);
  return { answer, trouble, again, replace: setAnswer };
}
