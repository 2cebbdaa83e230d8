import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GrantRecord } from '../../../../server/access/grant-record.ts';
import type { HandOver } from '../../../../server/access/hand-over.ts';
import type { Account } from '../../../../server/access/session-record.ts';
import { LoginFile } from '../../../../server/login/providers/login-file.ts';
import type { ProviderContext } from '../../../../server/login/providers/provider-context.ts';
import { ProviderLogins } from '../../../../server/login/providers/provider-logins.ts';
import { redirectAnswer } from '../../../../server/pages/answer.ts';
import type { EndpointAnswer } from '../../../../server/pages/own-endpoint.ts';
import type { AuditDetail, AuditEntry } from '../../../../server/store/audit-entry.ts';
import { createLog, type LogLine } from '../../../support/log-lines.ts';
import { scratchDir } from '../../../support/scratch-dir.ts';
import type { TestScope } from '../../../support/scope.ts';
import { clientSecret, FakeProvider } from './fake-provider.ts';
import { plainSealer } from './plain-sealer.ts';

export interface SignedIn {
  readonly account: Account;
  readonly then: HandOver | undefined;
  readonly detail: AuditDetail;
}

export interface StartedLogins {
  readonly provider: FakeProvider;
  readonly file: LoginFile;
  readonly context: ProviderContext;
  readonly logins: ProviderLogins;
  readonly signedIn: SignedIn[];
  readonly audited: AuditEntry[];
  readonly lines: LogLine[];
  /** That are asked for invitations. */
  readonly grants: GrantRecord[];
  readonly clock: { nowMs: number };
}

const exampleRule = '[[people]]\nemail = ["*@example.com"]\n';

/** Logins at a fake provider, called `test`, that end at a fake of whoever begins sessions. */
export async function startLogins(t: TestScope, rules: string = exampleRule): Promise<StartedLogins> {
  const provider = await FakeProvider.start(t);
  const { log, lines } = createLog();
  const path = join(scratchDir(t), 'login.toml');
  writeFileSync(
    path,
    `[[provider]]\nname = "test"\ntitle = "Test & Co"\nissuer = "${provider.url}"\nclient-id = "porthole"\nclient-secret = "${clientSecret}"\n${rules}`,
  );
  const file = new LoginFile({ path, log });
  t.teardown(() => file.close());
  const signedIn: SignedIn[] = [];
  const audited: AuditEntry[] = [];
  const grants: GrantRecord[] = [];
  const clock = { nowMs: Date.now() };
  const context: ProviderContext = {
    loginOrigin: 'https://preview.example.com',
    loginHost: 'preview.example.com',
    sealer: plainSealer,
    grants: { all: () => grants },
    signIn: {
      signIn: (account, _call, then, { detail }) => {
        signedIn.push({ account, then, detail });
        const answer = redirectAnswer(303, '/in', ['Set-Cookie', 'login=yes']);
        return Promise.resolve({ kind: 'answer', answer });
      },
    },
    audit: { record: (entry) => audited.push(entry) },
    log,
    now: () => clock.nowMs,
  };
  const logins = new ProviderLogins(file, context, { timeoutMs: 3000 });
  return { provider, file, context, logins, signedIn, audited, lines, grants, clock };
}

/** The status, the body and the headers, by name in lower case, of an answer that is whole. */
export function headersOf(answer: EndpointAnswer): Record<string, unknown> & { readonly body: string } {
  if (answer.kind !== 'answer') throw new Error(`it is no whole answer: ${JSON.stringify(answer)}`);
  const { status, headers, body } = answer.answer;
  const all: Record<string, string[]> = {};
  for (let at = 0; at < headers.length; at += 2)
    (all[(headers[at] ?? '').toLowerCase()] ??= []).push(headers[at + 1] ?? '');
  return { ...all, status, body: body.toString() };
}
