import { readCall } from '../../core/command-call.ts';
import { commandNames, commands, type CommandName, type CommandSpec } from '../../core/commands.ts';
import type { ErrorCode } from '../../core/errors.ts';
import { didYouMean } from '../../core/suggest.ts';
import type { EndpointCall } from '../pages/own-endpoint.ts';
import { readBody, readQuery } from './api-body.ts';
import { membersOf, methodsOf } from './api-members.ts';
import { apiValues } from './api-values.ts';
import { inputOf, type GivenCommand, type InputKind } from './giving.ts';

/** Where the API is; its commands are below. */
export const apiPath = '/_porthole/api';

/** What a request asks the API for. */
export type ApiRequest =
  /** What commands there are. */
  | { readonly kind: 'list' }
  | { readonly kind: 'command'; readonly command: GivenCommand; readonly input: string | undefined }
  | ApiProblem;

export interface ApiProblem {
  readonly kind: 'problem';
  readonly code: ErrorCode;
  readonly reason: string;
  /** Names and values in turn. */
  readonly headers?: readonly string[];
}

/** Understands a request as a command of the table in `core/commands.ts`. */
export function readApiRequest(call: Pick<EndpointCall, 'method' | 'path' | 'headers' | 'body'>): ApiRequest {
  const { path, query } = partsOf(call.path);
  if (path === apiPath) return call.method === 'GET' ? { kind: 'list' } : wrongMethod(['GET']);
  const words = path.slice(apiPath.length + 1);
  const spec = commands.find(({ name }) => name.replaceAll(' ', '/') === words);
  if (spec === undefined) return unknownCommand(words);
  const methods = methodsOf(spec);
  if (!methods.includes(call.method)) return wrongMethod(methods);
  return readCommand(spec, call, query);
}

/** The query is without its question mark. */
export function partsOf(pathWithQuery: string): { readonly path: string; readonly query: string } {
  const at = pathWithQuery.indexOf('?');
  return at === -1
    ? { path: pathWithQuery, query: '' }
    : { path: pathWithQuery.slice(0, at), query: pathWithQuery.slice(at + 1) };
}

function readCommand(
  spec: CommandSpec,
  { method, headers, body }: Pick<EndpointCall, 'method' | 'headers' | 'body'>,
  query: string,
): ApiRequest {
  if (method === 'POST' && query !== '')
    return wrongUsage('what a POST has to say is a member of its body: it takes no query');
  const sent = method === 'POST' ? readBody(body, headers.contentType) : readQuery(query, membersOf(spec));
  if (!sent.ok) return wrongUsage(sent.problem);
  const values = apiValues(spec, sent.value);
  if (!values.ok) return wrongUsage(values.problem);
  const { given, input } = values.value;
  const call = readCall(spec, given);
  if (!call.ok) return wrongUsage(`${call.name} ${call.problem}`);
  const wrong = inputProblem(spec, inputOf(spec, call.value.values), input);
  return wrong === undefined
    ? { kind: 'command', command: { spec, call: call.value }, input }
    : wrongUsage(wrong);
}

/** `wanted` is undefined where a command makes it itself. */
function inputProblem(
  spec: CommandSpec,
  wanted: InputKind | undefined,
  input: string | undefined,
): string | undefined {
  const argument = spec.arguments.find(({ kind }) => kind !== 'text');
  if (argument === undefined) return undefined;
  if (wanted === undefined)
    return input === undefined ? undefined : `${argument.kind} is given, although one is to be made`;
  return input === undefined && argument.optional !== true ? `${wanted} is missing` : undefined;
}

function unknownCommand(words: string): ApiProblem {
  const known: readonly CommandName[] = commandNames;
  return {
    kind: 'problem',
    code: 'ERR_NOT_FOUND',
    reason: `There is no such command${didYouMean(words.replaceAll('/', ' '), known)}: GET ${apiPath} lists them.`,
  };
}

function wrongMethod(methods: readonly string[]): ApiProblem {
  return {
    kind: 'problem',
    code: 'ERR_METHOD_REFUSED',
    reason: `This is asked for by ${methods.join(' or ')}.`,
    headers: ['Allow', methods.join(', ')],
  };
}

function wrongUsage(reason: string): ApiProblem {
  return { kind: 'problem', code: 'ERR_BAD_REQUEST', reason };
}
