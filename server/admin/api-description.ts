import { commands, type CommandSpec } from '../../core/commands.ts';
import { membersOf, methodsOf } from './api-members.ts';
import { apiPath } from './api-request.ts';

/** One command, as programs read it. */
export interface DescribedCommand {
  readonly name: string;
  readonly path: string;
  readonly methods: readonly string[];
  readonly summary: string;
  /** The least role of those who may give it. */
  readonly who: string;
  readonly members: readonly DescribedMember[];
}

export interface DescribedMember {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  readonly about: string;
}

/** What the API has, read off the table of commands. */
export function apiDescription(): readonly DescribedCommand[] {
  return commands.map(describe);
}

export function apiPathOf({ name }: Pick<CommandSpec, 'name'>): string {
  return `${apiPath}/${name.replaceAll(' ', '/')}`;
}

function describe(spec: CommandSpec): DescribedCommand {
  const { name, summary, who } = spec;
  return {
    name,
    path: apiPathOf(spec),
    methods: methodsOf(spec),
    summary,
    who,
    members: membersOf(spec).map(({ name, type, required, about }) => ({ name, type, required, about })),
  };
}
