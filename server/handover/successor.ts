import type { Socket } from 'node:net';
import { Dialogue } from './dialogue.ts';
import type { Places } from './message.ts';

/** The process that is being replaced, as its successor sees it. */
export interface Grant {
  readonly pid: number;
  readonly version: string;
  readonly places: Places;
  /** Says that this process serves. True when the predecessor has let go of the state directory, or is gone; false when it does neither. */
  takeOver(): Promise<boolean>;
  /** This process does not start after all: the predecessor goes on. */
  abandon(): void;
}

export type Asked =
  | { readonly kind: 'granted'; readonly grant: Grant }
  | { readonly kind: 'refused'; readonly reason: string }
  /** It ended the connection without a word: it does not know the question, or it is ending. */
  | { readonly kind: 'over' }
  /** It said nothing that could be understood, in time. */
  | { readonly kind: 'silent' };

export interface Patience {
  readonly answerMs: number;
  readonly releaseMs: number;
}

const defaultPatience: Patience = { answerMs: 5000, releaseMs: 30_000 };

/** Asks the process at the claim's socket to make place; takes over the connection. */
export async function askToReplace(
  socket: Socket,
  version: string,
  patience: Patience = defaultPatience,
): Promise<Asked> {
  const dialogue = new Dialogue(socket);
  dialogue.say({ kind: 'replace', pid: process.pid, version });
  const answer = await dialogue.next(patience.answerMs);
  if (answer.kind === 'granted') {
    const takeOver = async (): Promise<boolean> => {
      dialogue.say({ kind: 'serving' });
      const { kind } = await dialogue.next(patience.releaseMs);
      dialogue.end();
      return kind === 'released' || kind === 'over';
    };
    const abandon = (): void => dialogue.end();
    return { kind: 'granted', grant: { ...answer, takeOver, abandon } };
  }
  dialogue.end();
  if (answer.kind === 'refused') return answer;
  return { kind: answer.kind === 'over' ? 'over' : 'silent' };
}
