/** An environment as it was when it was last noted. */
export interface EnvironmentsTable {
  readonly name: string;
  /** The principal that the name belongs to. */
  readonly owner: string;
  readonly state: string;
  /** Milliseconds since the epoch: when it entered that state. */
  readonly since: number;
  /** Milliseconds since the epoch. For one that is online: at least then, and as long as its gateway was alive. */
  readonly last_seen_at: number;
  /** 1 while a tunnel of it is live, else 0. */
  readonly online: number;
  /** JSON: what it offers, or offered last. */
  readonly services: string;
  /** The gateway that noted it. */
  readonly epoch: number;
}

/** One run of the gateway on this state directory; a later one has a higher epoch. */
export interface GatewaysTable {
  readonly epoch: number;
  /** Milliseconds since the epoch. */
  readonly started_at: number;
  /** Milliseconds since the epoch: the last sign of life. */
  readonly alive_at: number;
}

/** The tables of `porthole.db`, at the newest schema version. */
export interface Tables {
  readonly environments: EnvironmentsTable;
  readonly gateways: GatewaysTable;
}
