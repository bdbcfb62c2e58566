// The only way from the page to the gateway: every request is an operation of the OpenAPI document.

import { Operations, Problem, routes } from "./schema";

export type OperationName = keyof Operations;

/** The gateway refused: what it said, in its words. */
export class Refusal extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail);
  }
  get code(): string {
    return this.problem.code;
  }
  get status(): number {
    return this.problem.status;
  }
  get details(): Record<string, unknown> {
    return this.problem.details ?? {};
  }
}

/** The gateway was not reached: nobody knows whether it has done what was asked. */
export class Unreachable extends Error {}

/**
 * One action of the person. It is sent with the same key however often it must be sent, so that it
 * happens once.
 */
export class Action<N extends OperationName> {
  readonly key = randomKey();
  constructor(
    readonly name: N,
    readonly body: Operations[N]["body"],
    readonly parameters: Record<string, string> = {},
  ) {}
}

export class Client {
  token: string | null = null;

  /** Asks for something that changes nothing. */
  read<N extends OperationName>(
    name: N,
    parameters: Record<string, string> = {},
    signal?: AbortSignal,
  ): Promise<Operations[N]["answer"]> {
    return this.request(name, parameters, undefined, {}, signal);
  }

  /** Sends an action; a slow one is answered at once, and its results come as events. */
  send<N extends OperationName>(action: Action<N>): Promise<Operations[N]["answer"]> {
    const type = { "Content-Type": "application/json" };
    return this.request(action.name, action.parameters, action.body, {
      ...(action.body === undefined ? {} : type),
      "Idempotency-Key": action.key,
      Prefer: "respond-async",
    });
  }

  /** Asks for a file, which an address alone would not be given: it has no token. */
  async download(name: OperationName, parameters: Record<string, string> = {}): Promise<Blob> {
    const response = await this.fetch(name, parameters, { method: routes[name].method });
    if (response.ok) return response.blob();
    throw new Refusal(problem(await response.json().catch(() => null), response.status));
  }

  /** The address of an operation: parameters that its path does not name are its query. */
  address(name: OperationName, parameters: Record<string, string> = {}): string {
    const rest = new URLSearchParams(parameters);
    const path = routes[name].path.replace(/\{(\w+)\}/g, (_, key: string) => {
      rest.delete(key);
      return encodeURIComponent(parameters[key] ?? "");
    });
    const query = rest.toString();
    return query ? `${path}?${query}` : path;
  }

  headers(): Record<string, string> {
    return this.token ? { Authorization: `Bearer ${this.token}` } : {};
  }

  private async request<N extends OperationName>(
    name: N,
    parameters: Record<string, string>,
    body: unknown,
    headers: Record<string, string>,
    signal?: AbortSignal,
  ): Promise<Operations[N]["answer"]> {
    const response = await this.fetch(name, parameters, {
      method: routes[name].method,
      headers: { Accept: "application/json", ...headers },
      body: body === undefined ? null : JSON.stringify(body),
      signal: signal ?? null,
    });
    if (response.status === 204) return undefined as Operations[N]["answer"];
    let answer: unknown = null;
    try {
      answer = await response.json();
    } catch {
      if (response.ok) throw new Unreachable("The answer broke off.");
    }
    if (response.ok) return answer as Operations[N]["answer"];
    throw new Refusal(problem(answer, response.status));
  }

  private async fetch(
    name: OperationName, parameters: Record<string, string>, init: RequestInit,
  ): Promise<Response> {
    try {
      return await fetch(this.address(name, parameters), {
        ...init,
        headers: { ...this.headers(), ...(init.headers as Record<string, string>) },
      });
    } catch (error) {
      if (init.signal?.aborted) throw error;
      throw new Unreachable("The studio cannot be reached.");
    }
  }
}

function problem(answer: unknown, status: number): Problem {
  if (typeof answer === "object" && answer !== null && "code" in answer) return answer as Problem;
  return {
    type: "about:blank",
    title: "Problem",
    status,
    detail: "The studio gave no reason.",
    code: "UNKNOWN",
    retryable: status >= 500,
  };
}

// crypto.randomUUID is missing where the page is not served securely, as in a home network.
function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
