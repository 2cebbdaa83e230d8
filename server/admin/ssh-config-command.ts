import type { CommandValues } from '../../core/command-values.ts';
import { quote } from '../../core/quote.ts';
import { sshConfig } from '../../core/ssh-config.ts';
import { didYouMean } from '../../core/suggest.ts';
import { unknown } from '../targets/reach-reasons.ts';
import type { GateRecord, ProfileRecord, TargetRecord } from '../targets/target-record.ts';
import {
  answer,
  failed,
  notAllowed,
  wrongUsage,
  type Answer,
  type Call,
  type Failed,
  type Handlers,
} from './answer.ts';
import { SshConfigView, type Meant, type SshConfigServices } from './ssh-config-facts.ts';

type SshConfigCall = Call<CommandValues['ssh-config']>;

/** What was asked for, before it is known what of it the caller may reach. */
interface Asked extends Meant {
  readonly profile: ProfileRecord | undefined;
  /** As it was written, where something was named. */
  readonly text: string | undefined;
}

/** `ssh-config`: an ssh_config by which the caller reaches machines; with `--json` what the client makes its own from. */
export function sshConfigHandlers(services: SshConfigServices): Handlers<'ssh-config'> {
  return { 'ssh-config': (call) => Promise.resolve(answerOf(services, call)) };
}

function answerOf(services: SshConfigServices, call: SshConfigCall): Answer {
  const view = new SshConfigView(services, call);
  const gates = gatesOf(services, call.values.gate);
  if ('kind' in gates) return gates;
  const asked = askedFor(services, view, call);
  if ('kind' in asked) return asked;
  const chosen = choose(view, gates, asked);
  if ('kind' in chosen) return chosen;
  const facts = view.facts(chosen.gate, chosen.targets, asked);
  const { tls, 'identity-file': identityFile } = call.values;
  const config = sshConfig(facts, { identityFile, tls: tls === true ? {} : undefined });
  if (!config.ok) return failed(config.problem);
  return answer(facts, config.value.lines, [...config.value.warnings, ...noMachine(asked, chosen.targets)]);
}

/** Those by which the caller may come in, the likeliest first: the one that was named, or the default one and then the others. */
function gatesOf({ book }: SshConfigServices, named: string | undefined): readonly GateRecord[] | Failed {
  const all = [...book.gates()]
    .filter(({ isDefault }) => !isDefault)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  if (named === undefined) return [book.defaultGate, ...all];
  const gate = book.gateNamed(named.toLowerCase()) ?? book.gate(named);
  if (gate !== undefined) return [gate];
  const names = [book.defaultGate, ...all].map(({ name }) => name);
  return failed(`there is no gate ${quote(named)}${didYouMean(named, names)}`);
}

function askedFor(
  services: SshConfigServices,
  view: SshConfigView,
  { caller, values }: SshConfigCall,
): Asked | Failed {
  const { target: text, all, profile: profileName } = values;
  if (text !== undefined && all === true) return wrongUsage('give either a machine or --all');
  const mine = services.book.profilesOf(caller.identity.principal);
  const profile = mine.find(({ id, name }) => name === profileName || id === profileName);
  if (profileName !== undefined && profile === undefined) {
    const names = mine.map(({ name }) => name);
    return failed(`you have no profile ${quote(profileName)}${didYouMean(profileName, names)}`);
  }
  const meant = text === undefined ? undefined : view.meant(text);
  if (profile !== undefined && all !== true) {
    const target = services.book.target(profile.target);
    const isOther = meant !== undefined && !meant.targets.some(({ id }) => id === profile.target);
    if (isOther)
      return wrongUsage(`the profile ${profile.name} is for another machine than ${quote(text ?? '')}`);
    return {
      targets: target === undefined ? [] : [target],
      environment: undefined,
      profile,
      text: profile.name,
    };
  }
  return meant === undefined
    ? { targets: [...services.book.targets()], environment: undefined, profile, text: undefined }
    : { ...meant, profile, text };
}

/** The first of the gates that leads to anything of it; where none does, why not. */
function choose(
  view: SshConfigView,
  gates: readonly GateRecord[],
  asked: Asked,
): { readonly gate: GateRecord; readonly targets: readonly TargetRecord[] } | Failed {
  const ways = gates.map((gate) => ({ gate, ...reached(view, gate, asked) }));
  const way = ways.find(({ targets, opens }) => targets.length > 0 || opens) ?? ways[0];
  if (way === undefined) return failed('there is no gate');
  if (way.targets.length > 0 || way.opens || asked.text === undefined) return way;
  const [refusal] = way.refusals;
  return refusal?.code === 'ERR_GATE_REFUSED'
    ? { ...notAllowed(refusal.reason), code: refusal.code }
    : { ...failed(unknown(asked.text)), code: 'ERR_TARGET_UNKNOWN' };
}

function reached(view: SshConfigView, gate: GateRecord, { targets, environment, text }: Asked) {
  const decisions = targets.map((target) => ({ target, decision: view.decide(gate, target) }));
  return {
    targets: decisions.flatMap(({ target, decision }) => (decision.kind === 'allowed' ? [target] : [])),
    refusals: decisions.flatMap(({ decision }) => (decision.kind === 'refused' ? [decision] : [])),
    opens: text !== undefined && environment !== undefined && view.opens(gate, environment),
  };
}

function noMachine({ environment, text }: Asked, targets: readonly TargetRecord[]): string[] {
  if (targets.length > 0 || text === undefined) return [];
  return [
    `${environment?.name ?? quote(text)} has told the host keys of no SSH server: porthole connect --ssh on the machine does it, or porthole target create`,
  ];
}
