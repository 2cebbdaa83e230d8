import type { CommandValues } from '../../core/command-values.ts';
import type { TargetRecord } from '../targets/target-record.ts';
import { answer, type Answer, type Call, type Handlers } from './answer.ts';
import type { GateServices } from './gate-services.ts';
import { mayReach, maySee, seenTarget } from './known-target.ts';
import { table } from './table.ts';
import {
  gatesTo,
  targetColumns,
  targetJson,
  targetLines,
  targetRow,
  warningOf,
  type TargetMoment,
} from './target-facts.ts';

/** Machines that are listed at once. */
const maxListed = 1000;

/** `target list` and `target show`: what is known of machines, for those who own or may reach them. */
export function targetListHandlers(services: GateServices): Handlers<'target list' | 'target show'> {
  return {
    'target list': (call) => Promise.resolve(list(call, services)),
    'target show': (call) => Promise.resolve(show(call, services)),
  };
}

function list(call: Call<CommandValues['target list']>, services: GateServices): Answer {
  const { principal } = call.caller.identity;
  const isWanted = (target: TargetRecord): boolean =>
    call.values.all === true
      ? maySee(call, services, target)
      : target.owner === principal || mayReach(call, services, target);
  const wanted = [...services.book.targets()].filter(isWanted).sort(byName);
  const listed = wanted.slice(0, maxListed);
  const rows = listed.map((target) => ({ target, moment: momentOf(call, services, target) }));
  return answer(
    rows.map(({ target, moment }) => targetJson(target, moment)),
    rows.length === 0
      ? []
      : table([targetColumns, ...rows.map(({ target, moment }) => targetRow(target, moment))]),
    [
      ...(rows.length === 0 ? [noneText(call)] : []),
      ...(wanted.length > listed.length ? [`${String(wanted.length - listed.length)} more`] : []),
      ...warnings(listed),
    ],
  );
}

function show(call: Call<CommandValues['target show']>, services: GateServices): Answer {
  const target = seenTarget(call, services, call.values.target);
  return 'kind' in target ? target : shownTarget(call, services, target);
}

/** A machine as `target show` tells it. */
export function shownTarget(
  call: Pick<Call<unknown>, 'caller' | 'now'>,
  services: GateServices,
  target: TargetRecord,
): Answer {
  const moment = momentOf(call, services, target);
  return answer(targetJson(target, moment), targetLines(target, moment), warnings([target]));
}

function momentOf(
  { caller, now }: Pick<Call<unknown>, 'caller' | 'now'>,
  { book, isOnline }: GateServices,
  target: TargetRecord,
): TargetMoment {
  const gates = gatesTo(target, book.gates());
  return { online: isOnline(target), principal: caller.identity.principal, gates, now };
}

function warnings(targets: readonly TargetRecord[]): string[] {
  return targets.flatMap((target) => warningOf(target) ?? []);
}

function noneText({ caller }: Call<unknown>): string {
  return caller.identity.role === 'machine'
    ? 'no machines: porthole connect --ssh makes this one known'
    : 'no machines that you own or may reach';
}

function byName(a: TargetRecord, b: TargetRecord): number {
  return a.name < b.name ? -1 : 1;
}
