import { readFileSync } from 'node:fs';
import type { ChurnStep } from './churn.ts';
import type { TrafficOptions } from './traffic.ts';

/** The header in which a request carries its id to the app. */
export const idHeader = 'x-chaos-id';

/** Where visitors find a gateway. */
export interface Front {
  /** The shared port, for TLS. */
  readonly port: number;
  /** A port that takes plain HTTP from a trusted proxy. */
  readonly plainPort: number;
  readonly caFile: string;
}

/** For `processes/app.ts`. */
export interface AppJob {
  /** The address that the apps listen on. */
  readonly host: string;
  readonly apps: readonly { readonly env: string; readonly port: number }[];
  /** Where its sightings go. */
  readonly out: string;
}

/** What an app says about a small request. */
export interface AppAnswer {
  readonly env: string;
  readonly id: string;
  readonly received: number;
  readonly crc: number;
}

/** For `processes/load.ts`. */
export interface LoadJob {
  readonly front: Front;
  readonly traffic: TrafficOptions;
  readonly perSecond: number;
  /** After this long without an answer a request hangs. */
  readonly deadlineMs: number;
  /** What the ids begin with. */
  readonly name: string;
  readonly out: string;
}

/** For `processes/streams.ts`. */
export interface StreamsJob {
  readonly front: Front;
  readonly env: string;
  readonly downloads: readonly { readonly bytes: number; readonly ms: number }[];
  readonly uploads: number;
  readonly events: number;
  readonly sockets: number;
  readonly out: string;
}

/** For `processes/rude-visitors.ts`. */
export interface RudeJob {
  readonly front: Front;
  readonly envs: readonly string[];
  readonly perSecond: number;
}

/** For `processes/people.ts`. */
export interface PeopleJob {
  readonly ssh: string;
  /** For `ssh -F`; in it `machine` is reached by the gate. */
  readonly configFile: string;
  readonly count: number;
  readonly out: string;
}

/** One tunnel of a fleet: its environment, the port of its app, and the address that it comes from. */
export interface FleetTunnel {
  readonly env: string;
  readonly appPort: number;
  readonly sourceAddress: string;
}

/** For `processes/fleet.ts`. */
export interface FleetJob {
  readonly port: number;
  readonly caFile: string;
  readonly identityFile: string;
  readonly tunnels: readonly FleetTunnel[];
  /** Carried out from SIGUSR2 on. */
  readonly steps: readonly ChurnStep[];
  readonly out: string;
}

/** The job of a process of this script: the JSON file that its command line names. */
export function readJob(): unknown {
  return JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));
}
