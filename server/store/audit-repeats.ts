import { sourceNetwork } from '../../core/source-network.ts';
import type { AuditEntry } from './audit-entry.ts';

/** What was noted in full of one kind, and what came after it and only counts. */
interface Group {
  readonly since: number;
  readonly example: AuditEntry;
  inFull: number;
  counted: number;
  lastAt: number;
}

const windowMs = 60_000;
/** Of what somebody does who may do it, this many lines of one kind in one window. */
const inFullKnown = 20;
/** Each session through the gate has lines of its own, unless somebody makes them as fast as a program can. */
const inFullSessions = 6000;
/** Of what a stranger tries, one. */
const inFullStranger = 1;
const maxKnown = 10_000;
const maxStrangers = 64;
const maxReasonsPerSource = 4;

/**
 * Keeps floods small: the same again within a minute is counted, and told as one line when the minute is over. `repeated` says how often
 * it happened beyond what has lines of its own. Strangers, who can do the same as often as they like and from many places, share few such counts.
 */
export class AuditRepeats {
  readonly #known = new Map<string, Group>();
  readonly #strangers = new Map<string, Group>();
  /** How many of the strangers' groups are of each source. */
  readonly #reasons = new Map<string, number>();

  /** What is held in memory: as many entries as there are groups, and counts of those. */
  get size(): number {
    return this.#known.size + this.#strangers.size + this.#reasons.size;
  }

  /** Whether the entry is to be written as it is; else it is counted. */
  isNew(entry: AuditEntry): boolean {
    const stranger = entry.principal === undefined;
    const groups = stranger ? this.#strangers : this.#known;
    const group = this.#groupOf(entry, groups, stranger ? maxStrangers : maxKnown);
    if (group.inFull < (stranger ? inFullStranger : inFullOf(entry))) {
      group.inFull += 1;
      return true;
    }
    group.counted += 1;
    group.lastAt = entry.at;
    return false;
  }

  /** The lines of those whose minute is over; of all, without a moment. They begin anew. */
  take(now = Infinity): AuditEntry[] {
    const sums: AuditEntry[] = [];
    for (const groups of [this.#known, this.#strangers]) {
      for (const [key, group] of groups) {
        // A clock that was set back is no reason to wait for longer.
        if (now >= group.since && now - group.since < windowMs) continue;
        groups.delete(key);
        if (groups === this.#strangers) this.#countReason(group.example, -1);
        if (group.counted > 0) sums.push(sumOf(group));
      }
    }
    return sums;
  }

  #groupOf(entry: AuditEntry, groups: Map<string, Group>, max: number): Group {
    const key = groups === this.#known ? kindOf(entry) : this.#strangerKind(entry);
    const there = groups.get(key) ?? (groups.size < max ? undefined : groups.get(overflowKey(entry)));
    if (there !== undefined) return there;
    const isOverflow = groups.size >= max;
    const group: Group = {
      since: entry.at,
      example: isOverflow ? withoutWho(entry) : entry,
      inFull: isOverflow ? Infinity : 0,
      counted: 0,
      lastAt: entry.at,
    };
    groups.set(isOverflow ? overflowKey(entry) : key, group);
    if (groups === this.#strangers) this.#countReason(group.example, 1);
    return group;
  }

  /** Each reason of a source by itself, as long as there are few: a stranger's words may be in it. */
  #strangerKind(entry: AuditEntry): string {
    const source = sourceOf(entry);
    const kind = `${source} ${reasonOf(entry)}`;
    const isKnown = this.#strangers.has(kind) || (this.#reasons.get(source) ?? 0) < maxReasonsPerSource;
    return isKnown ? kind : source;
  }

  #countReason(entry: AuditEntry, by: 1 | -1): void {
    const source = sourceOf(entry);
    const count = (this.#reasons.get(source) ?? 0) + by;
    if (count > 0) this.#reasons.set(source, count);
    else this.#reasons.delete(source);
  }
}

function inFullOf({ detail }: AuditEntry): number {
  return detail?.['session'] === undefined ? inFullKnown : inFullSessions;
}

function sourceOf({ action, address = '' }: AuditEntry): string {
  return `${action} ${sourceNetwork(address)}`;
}

function kindOf({ action, principal, fingerprint, address, target, result, ...entry }: AuditEntry): string {
  return JSON.stringify([action, principal, fingerprint, address, target, result, reasonOf(entry)]);
}

function reasonOf({ detail }: Pick<AuditEntry, 'detail'>): string {
  return String(detail?.['reason'] ?? '');
}

function overflowKey({ action, result }: AuditEntry): string {
  return `${action} ${result}`;
}

/** Stands for many. */
function withoutWho({ at, action, result }: AuditEntry): AuditEntry {
  return { at, action, result, detail: { reason: 'from many sources' } };
}

function sumOf({ example, counted, since, lastAt }: Group): AuditEntry {
  const detail = { ...example.detail, repeated: counted, since: new Date(since).toISOString() };
  return { ...example, at: lastAt, detail };
}
