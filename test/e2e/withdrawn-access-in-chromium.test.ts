import t, { type Test } from 'tap';
import type { Page } from 'playwright-core';
import { newProfile, startBrowser } from '../support/browser.ts';
import { PreviewTeam } from '../support/preview-team.ts';

const team = await PreviewTeam.start(t);
const browser = await startBrowser(t, team.gateway);
const preview = await team.offer('ana', 'pr-1', '?access=team');
const target = team.url('web--pr-1');

/** A page of a logged-in browser with a WebSocket and events that go on, and how to wait for their end. */
async function connected(
  t: Test,
  who: 'ana' | 'bob',
): Promise<{ page: Page; ended: () => Promise<string[]> }> {
  const { page } = await newProfile(browser);
  await team.logIn(who, page);
  t.equal((await page.goto(target))?.status(), 200);
  await page.evaluate(`(async () => {
    window.ended = [];
    const socket = new WebSocket('${target.replace('https', 'wss')}socket');
    socket.onclose = () => window.ended.push('socket');
    await new Promise((resolve) => { socket.onopen = resolve; });
    const { body } = await fetch('/events');
    const reader = body.getReader();
    await reader.read();
    const follow = async () => { for (;;) if ((await reader.read()).done) return; };
    follow().catch(() => {}).then(() => window.ended.push('events'));
  })()`);
  t.equal(preview.web.sockets.clients.size, 1);
  const ended = async (): Promise<string[]> => {
    await page.waitForFunction('window.ended.length === 2', undefined, { timeout: 10_000 });
    return page.evaluate<string[]>('window.ended.sort()');
  };
  return { page, ended };
}

t.test('what goes on ends when its session is ended', async (t) => {
  const { page, ended } = await connected(t, 'ana');
  await team.told('ana', ['session', 'end', '--all']);
  t.same(await ended(), ['events', 'socket']);
  t.equal((await page.goto(target))?.status(), 401);
});

t.test('and when the key is revoked that the login came by', async (t) => {
  const { page, ended } = await connected(t, 'bob');
  team.withdraw('bob');
  t.same(await ended(), ['events', 'socket']);
  t.equal((await page.goto(target))?.status(), 401);
});
