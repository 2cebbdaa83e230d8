import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { Processes } from './processes.ts';
import { findTools, pathOf } from './tools.ts';
import type { Tools } from './tools.ts';

/** The temporary place of one run: its files and its processes, all gone when it is closed. */
export class Workspace {
  readonly directory: string;
  readonly processes = new Processes();
  readonly tools: Tools = findTools();
  readonly userName: string = userInfo().username;
  #closing: Promise<void> | undefined;
  #names = 0;

  constructor() {
    this.directory = mkdtempSync(join(tmpdir(), 'porthole-bench-'));
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  /** A name that nothing else in this run has. */
  uniqueName(prefix: string): string {
    this.#names += 1;
    return `${prefix}-${this.#names}`;
  }

  write(name: string, text: string): string {
    writeFileSync(this.path(name), text);
    return this.path(name);
  }

  /** Makes an Ed25519 key pair: `NAME` and `NAME.pub`. */
  async sshKey(name: string): Promise<string> {
    const file = this.path(name);
    const args = ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', file];
    await this.processes.run(pathOf(this.tools, 'ssh-keygen'), args, 10_000);
    return file;
  }

  /** Makes an Ed25519 key pair and an authority's certificate for it. */
  async certifiedSshKey(
    name: string,
    { authority, principals }: { authority: string; principals: readonly string[] },
  ): Promise<{ identityFile: string; certificateFile: string }> {
    const identityFile = await this.sshKey(name);
    const args = ['-q', '-s', authority, '-I', name, '-n', principals.join(','), `${identityFile}.pub`];
    await this.processes.run(pathOf(this.tools, 'ssh-keygen'), args, 10_000);
    return { identityFile, certificateFile: `${identityFile}-cert.pub` };
  }

  /** Makes a self-signed P-256 certificate for localhost and everything below it. */
  async certificate(name: string): Promise<{ cert: string; key: string }> {
    const [cert, key] = [this.path(`${name}.pem`), this.path(`${name}.key`)];
    await this.processes.run(
      pathOf(this.tools, 'openssl'),
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
        ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,DNS:*.localhost'],
        ...['-keyout', key, '-out', cert],
      ],
      10_000,
    );
    return { cert, key };
  }

  close(): Promise<void> {
    this.#closing ??= this.processes.close().finally(() => this.#remove());
    return this.#closing;
  }

  /** For the last moment of this process: ends and removes everything without waiting. */
  destroy(): void {
    this.processes.destroy();
    this.#remove();
  }

  #remove(): void {
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 3 });
  }
}
