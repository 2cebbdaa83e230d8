import type { Client } from 'ssh2';

/** What a command on the gateway answered. */
export interface ExecResult {
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Characters of an answer that are kept. */
const maxOutput = 4 * 1024 * 1024;

/** Runs a command in a session of its own; undefined when the gateway takes no session. */
export function runCommand(client: Client, command: string): Promise<ExecResult | undefined> {
  return new Promise((resolve) => {
    client.exec(command, (error, channel) => {
      if (error !== undefined) {
        resolve(undefined);
        return;
      }
      const result = { code: undefined as number | undefined, stdout: '', stderr: '' };
      channel.on('error', () => resolve(undefined));
      channel
        .setEncoding('utf8')
        .on('data', (text: string) => (result.stdout = (result.stdout + text).slice(0, maxOutput)));
      channel.stderr
        .setEncoding('utf8')
        .on('data', (text: string) => (result.stderr = (result.stderr + text).slice(0, maxOutput)));
      channel.on('exit', (code: number | null) => (result.code = code ?? undefined));
      channel.on('close', () => resolve(result));
      channel.end();
    });
  });
}
