import type { Socket } from 'node:net';
import type { Log } from '../../core/log.ts';
import { Dialogue, type Heard } from './dialogue.ts';
import type { Message, Places } from './message.ts';

export interface PredecessorOptions {
  readonly version: string;
  /** Where it listens; undefined in its start and at its end. */
  readonly places: () => Places | undefined;
  /** The successor serves: lets go of the state directory, and then of the rest. Settles when the directory is free. Never rejects. */
  readonly onServing: () => Promise<void>;
  readonly log: Log;
  readonly questionMs?: number;
  readonly startMs?: number;
}

/** A question comes at once, or never. */
const defaultQuestionMs = 5000;
/** For the successor's start: it reads keys and certificates, and what was remembered. */
const defaultStartMs = 120_000;
const maxDialogues = 8;

/** The older half of a handover: answers whoever asks at the claim's socket, and makes place for one successor. Until that one serves, nothing changes. */
export class Predecessor {
  readonly #options: PredecessorOptions;
  readonly #sockets = new Set<Socket>();
  #successor: number | undefined;
  #replaced = false;

  constructor(options: PredecessorOptions) {
    this.#options = options;
  }

  /** Takes over a connection to the claim's socket. */
  receive(socket: Socket): void {
    socket.on('error', () => socket.destroy());
    if (this.#sockets.size >= maxDialogues) {
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    void this.#converse(new Dialogue(socket)).finally(() => this.#sockets.delete(socket));
  }

  /** Ends all dialogues: this process ends. */
  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async #converse(dialogue: Dialogue): Promise<void> {
    const question = await dialogue.next(this.#options.questionMs ?? defaultQuestionMs);
    const answer = this.#answer(question);
    if (answer !== undefined) dialogue.say(answer);
    if (question.kind === 'replace' && answer?.kind === 'granted') {
      await this.#handOver(dialogue, question);
    }
    dialogue.end();
  }

  /** Undefined for those who only look whether somebody is there. */
  #answer(question: Heard): Message | undefined {
    const { version } = this.#options;
    if (question.kind === 'foreign') return refused('it speaks another version of the handover');
    if (question.kind !== 'replace') return undefined;
    if (this.#replaced || this.#successor !== undefined) {
      return refused(`process ${String(this.#successor)} is replacing it already`);
    }
    const places = this.#options.places();
    if (places === undefined) return refused('it is starting or ending');
    return { kind: 'granted', pid: process.pid, version, places };
  }

  async #handOver(dialogue: Dialogue, { pid, version }: Message & { kind: 'replace' }): Promise<void> {
    const { log, startMs } = this.#options;
    this.#successor = pid;
    log.info({ successor: { pid, version } }, 'a successor starts');
    const heard = await dialogue.next(startMs ?? defaultStartMs);
    if (heard.kind !== 'serving') {
      this.#successor = undefined;
      log.warn(
        { successor: { pid, version }, heard: heard.kind },
        'the successor does not serve: this process goes on',
      );
      return;
    }
    this.#replaced = true;
    await this.#options.onServing();
    dialogue.say({ kind: 'released' });
  }
}

function refused(reason: string): Message {
  return { kind: 'refused', reason };
}
