import { entries, variableOf, type Field } from './keys.ts';
import type { Given, Layer } from './layer.ts';
import { didYouMean } from '../../core/suggest.ts';

/** The variables of a process, read. An empty one counts as not set. */
export interface Environment extends Layer {
  readonly configFile: string | undefined;
}

const configVariable = 'PORTHOLE_CONFIG';
const fieldsByVariable = new Map(entries.map(([field, key]) => [variableOf(key.name), field]));
const known = [configVariable, ...fieldsByVariable.keys()];

/** Of the client on the same machine. */
const clientVariables = new Set([
  'PORTHOLE_SERVER',
  'PORTHOLE_CA',
  'PORTHOLE_ENV',
  'PORTHOLE_IDENTITY',
  'PORTHOLE_CERTIFICATE',
]);

/** What Kubernetes and Docker links set in every container beside a service that is called `porthole`. */
const linkVariable =
  /^PORTHOLE_(?:NAME|SERVICE_HOST|SERVICE_PORT(?:_\w+)?|PORT|PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)$/;

export function readEnvironment(env: NodeJS.ProcessEnv): Environment {
  const given = new Map<Field, Given>();
  const problems: string[] = [];
  for (const [variable, text] of Object.entries(env)) {
    const field = fieldsByVariable.get(variable);
    if (text === undefined || text === '' || variable === configVariable) continue;
    if (field !== undefined) given.set(field, { text, source: { kind: 'environment', name: variable } });
    else if (isUnknown(variable))
      problems.push(`${variable}: unknown variable${didYouMean(variable, known, 'PORTHOLE_')}`);
  }
  return { given, problems, configFile: env[configVariable] === '' ? undefined : env[configVariable] };
}

function isUnknown(variable: string): boolean {
  return variable.startsWith('PORTHOLE_') && !clientVariables.has(variable) && !linkVariable.test(variable);
}
