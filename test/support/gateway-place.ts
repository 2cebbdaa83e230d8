import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openSqlite } from '../../server/store/sqlite.ts';
import { Portholed } from './portholed.ts';
import { scratchDir } from './scratch-dir.ts';
import type { TestScope } from './scope.ts';
import { makeKey, type SshKey } from './ssh-keys.ts';
import { until } from './until.ts';

/** A state directory, on which one gateway runs after the other, and keys that all of them admit. */
export class GatewayPlace {
  readonly stateDir: string;
  readonly key: SshKey;
  readonly other: SshKey;
  readonly #t: TestScope;
  readonly #keysFile: string;

  constructor(t: TestScope) {
    this.#t = t;
    this.stateDir = join(scratchDir(t), 'state');
    [this.key, this.other] = [makeKey(t), makeKey(t)];
    this.#keysFile = join(scratchDir(t), 'authorized_keys');
    writeFileSync(this.#keysFile, `${this.key.line}\n${this.other.line}\n`);
  }

  get database(): string {
    return join(this.stateDir, 'porthole.db');
  }

  args(more: readonly string[]): string[] {
    const metrics = ['--metrics-listen', '127.0.0.1:0'];
    return ['--state-dir', this.stateDir, '--authorized-keys', this.#keysFile, ...metrics, ...more];
  }

  async start(...more: string[]): Promise<Portholed> {
    const gateway = await Portholed.start(this.#t, this.args(['--access', 'public', ...more]));
    this.#t.teardown(() => {
      if (!this.#t.passing()) this.#t.comment(gateway.lines.map((line) => JSON.stringify(line)).join('\n'));
    });
    return gateway;
  }

  /** Waits until the environment is written down as wanted. */
  async written(online: 0 | 1): Promise<void> {
    const database = openSqlite(this.database, { readOnly: true });
    try {
      const query = database.prepare('select 1 from environments where name = ? and online = ?');
      await until('the environment in the database', () => query.get('pr-1', online) !== undefined);
    } finally {
      database.close();
    }
  }
}
