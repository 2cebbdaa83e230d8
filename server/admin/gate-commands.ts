import type { CommandValues } from '../../core/command-values.ts';
import { newGrantId } from '../access/record-ids.ts';
import type { BookChange } from '../targets/target-book.ts';
import type { GateRecord } from '../targets/target-record.ts';
import { answer, wrongUsage, type Answer, type Call, type Handlers } from './answer.ts';
import { auditOf } from './command-audit.ts';
import { gateColumns, gateJson, gateLines, gateMoment, gateNotes, gateRow } from './gate-facts.ts';
import type { GateServices } from './gate-services.ts';
import { knownGate } from './known-gate.ts';
import { table } from './table.ts';

type GateCommand = 'gate list' | 'gate show' | 'gate create' | 'gate set' | 'gate rm';
type GateSet = Extract<BookChange, { kind: 'update-gate' }>['set'];

/** The entry points by which people reach machines. Members see them, administrators change them. */
export function gateHandlers(services: GateServices): Handlers<GateCommand> {
  return {
    'gate list': (call) => Promise.resolve(list(call, services)),
    'gate show': (call) => {
      const gate = knownGate(services.book, call.values.gate);
      return Promise.resolve('kind' in gate ? gate : shown(call, services, { gate, lines: 'all' }));
    },
    'gate create': (call) => create(call, services),
    'gate set': (call) => change(call, services),
    'gate rm': (call) => remove(call, services),
  };
}

function list(call: Call<unknown>, services: GateServices): Answer {
  const moment = gateMoment(call, services);
  const gates = [...services.book.gates()].sort(defaultFirst);
  return answer(
    gates.map((gate) => gateJson(gate, moment)),
    table([gateColumns, ...gates.map((gate) => gateRow(gate, moment))]),
  );
}

function shown(
  call: Call<unknown>,
  services: GateServices,
  { gate, lines }: { readonly gate: GateRecord; readonly lines: 'all' | readonly string[] },
): Answer {
  const moment = gateMoment(call, services);
  const told = lines === 'all' ? gateLines(gate, moment) : lines;
  return answer(gateJson(gate, moment), told, gateNotes(gate));
}

async function create(call: Call<CommandValues['gate create']>, services: GateServices): Promise<Answer> {
  const { caller, values, now } = call;
  const { name, host, port } = values;
  const gate: GateRecord = {
    ...{ id: newGrantId(), name },
    ...(host !== undefined && { host }),
    ...(port !== undefined && { port }),
    keys: values['any-key'] === true ? 'any' : [],
    targets: values['any-target'] === true ? 'any' : [],
    ...{ isDefault: false, createdAt: now, createdBy: caller.identity.principal },
  };
  const detail = {
    id: gate.id,
    keys: gate.keys === 'any' ? 'any' : 'listed',
    targets: gate.targets === 'any' ? 'any' : 'listed',
  };
  const audit = auditOf(call, { action: 'gate.create', target: name, detail });
  await services.book.change([{ kind: 'add-gate', gate }], audit);
  const lines = [`made gate ${name}: people come in by it with ${name} as their SSH user name`];
  return shown(call, services, { gate, lines });
}

async function change(call: Call<CommandValues['gate set']>, services: GateServices): Promise<Answer> {
  const { values } = call;
  const gate = knownGate(services.book, values.gate);
  if ('kind' in gate) return gate;
  const { name, host, port, keys, targets } = values;
  const set: GateSet = {
    ...(name !== undefined && { name }),
    ...(host !== undefined && { host: host === '-' ? undefined : host }),
    ...(port !== undefined && { port: port === '-' ? undefined : port }),
    ...(keys !== undefined && { keys }),
    ...(targets !== undefined && { targets }),
  };
  if (Object.keys(set).length === 0)
    return wrongUsage('nothing to set: --name, --host, --port, --keys or --targets');
  const detail = {
    id: gate.id,
    ...(name !== undefined && { name }),
    ...(host !== undefined && { host: host === '-' ? '' : host }),
    ...(port !== undefined && { port: port === '-' ? '' : port }),
    ...(keys !== undefined && { keys }),
    ...(targets !== undefined && { targets }),
  };
  const audit = auditOf(call, { action: 'gate.set', target: gate.name, detail });
  await services.book.change([{ kind: 'update-gate', id: gate.id, set }], audit);
  const after = services.book.gate(gate.id) ?? gate;
  return shown(call, services, { gate: after, lines: [`changed gate ${after.name}`] });
}

async function remove(call: Call<CommandValues['gate rm']>, { book }: GateServices): Promise<Answer> {
  const gate = knownGate(book, call.values.gate);
  if ('kind' in gate) return gate;
  const { id, name } = gate;
  const audit = auditOf(call, { action: 'gate.rm', target: name, detail: { id } });
  await book.change([{ kind: 'remove-gate', id }], audit);
  return answer(
    { id, name, removed: true },
    [`removed gate ${name}`],
    [
      `as a user name, ${name} means the gate ${book.defaultGate.name} from now on, which may take the same keys`,
    ],
  );
}

function defaultFirst(a: GateRecord, b: GateRecord): number {
  if (a.isDefault !== b.isDefault) return a.isDefault ? -1 : 1;
  return a.name < b.name ? -1 : 1;
}
