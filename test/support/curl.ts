import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Portholed } from './portholed.ts';
import { Program } from './program.ts';
import { scratchDir } from './scratch-dir.ts';
import type { TestScope } from './scope.ts';

export interface CurlAnswer {
  readonly status: number;
  /** `1.1` or `2`. */
  readonly version: string;
  /** All heads that came, of interim and of redirecting answers too, as one text with LF line ends. */
  readonly heads: string;
  /** A byte a character. */
  readonly body: string;
  /** Of curl itself: 0 when all went well. */
  readonly exitCode: number | null;
  readonly error: string;
}

/** Starts the real curl, which trusts the gateway's own authority and finds every host at its address. */
export function startCurl(t: TestScope, gateway: Portholed, args: readonly string[]): Program {
  const fixed = ['--disable', '--silent', '--show-error', '--noproxy', '*', '--max-time', '60'];
  const where = ['--cacert', gateway.caFile, '--connect-to', `::127.0.0.1:${String(gateway.port)}`];
  return new Program(t, 'curl', [...fixed, ...where, ...args]);
}

/** Runs curl to its end. */
export async function curl(t: TestScope, gateway: Portholed, args: readonly string[]): Promise<CurlAnswer> {
  const headFile = join(scratchDir(t), 'heads');
  const told = ['--dump-header', headFile, '--write-out', '%{stderr}\ncurl: %{http_code} %{http_version}\n'];
  const program = startCurl(t, gateway, [...told, ...args]);
  const { code } = await program.exit;
  const [, status = '0', version = ''] = /^curl: (\d+) (\S+)$/m.exec(program.stderr) ?? [];
  return {
    status: Number(status),
    version,
    heads: readFileSync(headFile, { encoding: 'latin1', flag: 'a+' }).replaceAll('\r\n', '\n'),
    body: program.stdout,
    exitCode: code,
    error: program.stderr,
  };
}
