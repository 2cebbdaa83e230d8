import type { CommandArgument, CommandOption, CommandSpec } from '../../core/commands.ts';

/** Something that a command takes over HTTP: a member of the body, or a parameter of the query. */
export interface ApiMember {
  readonly name: string;
  readonly type: 'string' | 'strings' | 'integer' | 'boolean';
  /** It stands for standard input, and never comes in a query. */
  readonly input: boolean;
  readonly required: boolean;
  readonly about: string;
}

/** All that a command takes, its arguments first. */
export function membersOf(spec: CommandSpec): readonly ApiMember[] {
  const makes = spec.options.some(({ name }) => name === 'generate');
  return [...spec.arguments.map((each) => ofArgument(each, makes)), ...spec.options.map(ofOption)];
}

/** What reads only, and nothing but words, may be asked for by GET. */
export function methodsOf(spec: CommandSpec): readonly ('GET' | 'POST')[] {
  const isPlain = spec.arguments.every(({ kind }) => kind === 'text');
  return spec.reads === true && isPlain ? ['GET', 'POST'] : ['POST'];
}

/** What is read from standard input elsewhere is called by its kind: a file's name is of no use here. */
function ofArgument({ name, kind, optional, about }: CommandArgument, makes: boolean): ApiMember {
  if (kind === 'text') return { name, type: 'string', input: false, required: optional !== true, about };
  return {
    name: kind,
    type: kind === 'host-keys' ? 'strings' : 'string',
    input: true,
    required: optional !== true && !makes,
    about: inputs[kind],
  };
}

const inputs: Readonly<Record<Exclude<CommandArgument['kind'], 'text'>, string>> = {
  'public-key': 'the public key itself, as in a .pub file',
  'host-keys': 'the public host keys themselves: lines of .pub files, of known_hosts, or of ssh-keyscan',
  secret: 'the password; not where one is to be made',
};

function ofOption({ name, placeholder, many, number, about }: CommandOption): ApiMember {
  return { name, type: typeOf({ placeholder, many, number }), input: false, required: false, about };
}

function typeOf({
  placeholder,
  many,
  number,
}: {
  readonly [K in 'placeholder' | 'many' | 'number']: CommandOption[K] | undefined;
}): ApiMember['type'] {
  if (placeholder === undefined) return 'boolean';
  if (many === true) return 'strings';
  return number === true ? 'integer' : 'string';
}
