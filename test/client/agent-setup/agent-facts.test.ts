import { writeFileSync } from 'node:fs';
import t from 'tap';
import {
  agentFactsPath,
  readAgentFacts,
  writtenFacts,
  type AgentRecord,
} from '../../../client/agent-setup/agent-facts.ts';
import { scratchDir } from '../../support/scratch-dir.ts';
import { makeKey } from '../../support/ssh-keys.ts';

const record: AgentRecord = {
  targetId: '11111111-2222-3333-4444-555555555555',
  osUsers: ['dev', 'ops'],
  longestCertificateMs: 300_000,
  ca: `${makeKey(t).line} machines`,
  sshdConfig: '/etc/ssh/sshd_config',
  dropIn: '/etc/ssh/sshd_config.d/60-porthole.conf',
};

t.test('what is written is read', async (t) => {
  const dir = scratchDir(t);
  t.equal(readAgentFacts(dir), undefined);
  for (const each of [record, { ...record, osUsers: [], longestCertificateMs: undefined }]) {
    writeFileSync(agentFactsPath(dir), writtenFacts(each));
    t.same(readAgentFacts(dir), each);
  }
});

t.test('what is none is as good as nothing', async (t) => {
  const dir = scratchDir(t);
  const texts = ['', '{', 'null', '[]', '7', 'x'.repeat(300_000)];
  const changes: Record<string, unknown>[] = [
    { targetId: 'pr-1' },
    { targetId: 7 },
    { osUsers: 'dev' },
    { osUsers: ['../dev'] },
    { osUsers: [7] },
    { longestCertificateMs: -1 },
    { longestCertificateMs: '5m' },
    { ca: 'nonsense' },
    { ca: 7 },
    { sshdConfig: 'relative' },
    { dropIn: undefined },
  ];
  for (const text of [...texts, ...changes.map((change) => JSON.stringify({ ...record, ...change }))]) {
    writeFileSync(agentFactsPath(dir), text);
    t.equal(readAgentFacts(dir), undefined, text.slice(0, 60));
  }
});
