import { existsSync } from 'node:fs';
import { readAgentFacts, type AgentRecord } from './agent-facts.ts';
import { planAgent } from './agent-files.ts';
import { notInEffect, readIfThere } from './agent-checks.ts';
import { sshdOf, type AgentPlaces } from './prepare-agent.ts';
import type { RunProgram } from './run-program.ts';

/** Whether this machine's sshd takes the gateway's certificates. */
export type AgentStatus =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'set-up';
      readonly facts: AgentRecord;
      /** Why what is set up has no effect, or not all of it; undefined when it has. */
      readonly problem: string | undefined;
    };

export async function agentStatus(places: AgentPlaces, run: RunProgram): Promise<AgentStatus> {
  const facts = readAgentFacts(places.dir);
  if (facts === undefined) return { kind: 'none' };
  return { kind: 'set-up', facts, problem: await problemOf(facts, places, run) };
}

async function problemOf(
  facts: AgentRecord,
  places: AgentPlaces,
  run: RunProgram,
): Promise<string | undefined> {
  const { sshdConfig, dropIn } = facts;
  const plan = planAgent({ ...facts, dir: places.dir, maxStartups: undefined, exemptsLoopback: false });
  if (!existsSync(dropIn)) return `${dropIn} is gone: run "porthole agent setup" again`;
  const other = plan.files.find(({ path, text }) => readIfThere(path) !== text);
  if (other !== undefined) return `${other.path} is gone or changed: run "porthole agent setup" again`;
  return notInEffect(sshdOf({ ...places, sshdConfig }, run), plan, facts.osUsers);
}
