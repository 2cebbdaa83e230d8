/** One channel that somebody has open through the gate. All times are milliseconds since the epoch. */
export interface JumpSession {
  /** 8 characters; for `porthole kill`. */
  readonly id: string;
  readonly principal: string;
  /** Of the key that they came in with. */
  readonly fingerprint: string;
  /** The address that they came from. */
  readonly address: string;
  /** The name of the gate. */
  readonly gate: string;
  readonly env: string;
  readonly service: string | undefined;
  readonly port: number | undefined;
  /** The machine, where it is known as one. */
  readonly target: { readonly id: string; readonly name: string } | undefined;
  readonly startedAt: number;
  /** When a byte last went either way. */
  readonly activeAt: number;
  /** From the person to the machine, and back. */
  readonly bytesUp: number;
  readonly bytesDown: number;
}

/** What goes through the gate at this moment. */
export interface JumpSessions {
  all(): Iterable<JumpSession>;
  byId(id: string): JumpSession | undefined;
  /** Ends it at once; the person reads the reason. False when it is over already. */
  end(id: string, reason: string): boolean;
}
