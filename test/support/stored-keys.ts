import { silentLog } from '../../core/log.ts';
import type { NewKey } from '../../server/identity/key-record.ts';
import { openDatabase } from '../../server/store/database.ts';
import { KeyStore } from '../../server/store/key-store.ts';
import type { Portholed } from './portholed.ts';
import { newKey } from './key-records.ts';
import type { TestScope } from './scope.ts';
import type { SshKey } from './ssh-keys.ts';

/** The stored keys of a gateway, changed by another process: the test. Each change settles when the gateway knows it. */
export class StoredKeys {
  readonly #gateways: readonly Portholed[];
  readonly #store: KeyStore;

  static async open(t: TestScope, ...gateways: readonly [Portholed, ...Portholed[]]): Promise<StoredKeys> {
    const database = await openDatabase(gateways[0].stateDir);
    const store = await KeyStore.open({ database, log: silentLog() });
    t.teardown(async () => {
      await store.release();
      await database.close();
    });
    return new StoredKeys(gateways, store);
  }

  private constructor(gateways: readonly Portholed[], store: KeyStore) {
    this.#gateways = gateways;
    this.#store = store;
  }

  add(key: SshKey, overrides: Partial<NewKey> = {}): Promise<void> {
    return this.#change('key.add', {
      kind: 'add',
      key: newKey(key, { createdAt: Date.now(), ...overrides }),
    });
  }

  expire(key: SshKey, expiresAt: number | null): Promise<void> {
    const { fingerprint } = newKey(key);
    return this.#change('key.expire', { kind: 'update', fingerprint, set: { expiresAt } });
  }

  revoke(key: SshKey, reason: string): Promise<void> {
    const { fingerprint } = newKey(key);
    return this.#change('key.revoke', { kind: 'revoke', fingerprint, reason, at: Date.now() });
  }

  async #change(action: string, change: Parameters<KeyStore['change']>[0][number]): Promise<void> {
    const known = this.#gateways.map((gateway) => {
      const past = new Set(gateway.lines);
      return gateway.line((line) => !past.has(line) && line.msg.startsWith('keys read again'));
    });
    await this.#store.change([change], { at: Date.now(), principal: 'operator', action, result: 'ok' });
    await Promise.all(known);
  }
}
