import type { TargetEvent } from '../report.ts';

/** One line about the machine, for a person. */
export interface TargetLine {
  readonly tone: 'plain' | 'bad' | 'dim';
  readonly text: string;
}

/** What is told of the machine, in words. */
export function targetLines(event: TargetEvent): TargetLine[] {
  if (event.event === 'target-problem') return [problemLine(event)];
  const { name, id } = event;
  if (event.state === 'unconfirmed') return warningLines(event);
  const moved = event.state === 'moved' ? `, which has moved to ${event.env}` : '';
  const how = `porthole ssh ${name}, or ssh -F <(porthole ssh-config ${name}) ${name}`;
  return [{ tone: 'plain', text: `this machine is the target ${name} (${id})${moved}: ${how}` }];
}

function warningLines({ name, id, unpinned }: TargetEvent & { event: 'target' }): TargetLine[] {
  const what =
    unpinned.length === 0
      ? 'dialled in with another key than before'
      : `shows host keys that the gateway does not know: ${unpinned.join(', ')}`;
  return [
    {
      tone: 'bad',
      text: `WARNING: the target ${name} (${id}) ${what}. Until an owner has looked, people are warned, and their ssh refuses what is not pinned`,
    },
    {
      tone: 'bad',
      text: `if this is as it should be, its owner says so, with a key of their own: porthole target trust ${name}`,
    },
  ];
}

function problemLine({ state, reason }: TargetEvent & { event: 'target-problem' }): TargetLine {
  switch (state) {
    case 'ssh-server':
      return { tone: 'bad', text: `what --ssh offers is no SSH server that answers: ${reason}` };
    case 'id':
      return { tone: 'bad', text: reason };
    case 'conflict':
      return { tone: 'bad', text: `another machine has the id of this one: ${reason}` };
    case 'refused':
      return { tone: 'bad', text: `the gateway does not take this machine as a target: ${reason}` };
    case 'later':
      return { tone: 'bad', text: `the gateway does not know this machine yet (${reason}); trying again` };
    case 'unsupported':
      return { tone: 'dim', text: `${reason}; its SSH server is offered all the same` };
  }
}
