import type { Answer } from './answer.ts';

/** What a session shows, and its exit status. */
export interface Reply {
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
  readonly status: number;
}

const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** An answer for whoever asked, as text or as one line of JSON. Nothing in it can act on a terminal. */
export function replyOf(answer: Answer, { json = false }: { json?: boolean } = {}): Reply {
  if (answer.kind === 'error')
    return {
      stdout: json && answer.value !== undefined ? [escaped(JSON.stringify(answer.value))] : [],
      stderr: answer.message.split('\n').map(escaped),
      status: answer.status,
    };
  const stdout = json ? [escaped(JSON.stringify(answer.value))] : answer.lines.map(escaped);
  return { stdout, stderr: (answer.notes ?? []).map(escaped), status: 0 };
}

/** In JSON, where none of these can stand outside of a string, it is an escape as well. */
function escaped(line: string): string {
  return line.replace(unseen, (character) =>
    Array.from({ length: character.length }, (_, at) => character.charCodeAt(at))
      .map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`)
      .join(''),
  );
}
