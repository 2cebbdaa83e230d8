import t from 'tap';
import type { Page } from 'playwright-core';
import { echoIn, eventIn, fetchIn, newProfile, startBrowser } from '../support/browser.ts';
import { PreviewTeam } from '../support/preview-team.ts';

const team = await PreviewTeam.start(t, ['--widest-access', 'public']);
const browser = await startBrowser(t, team.gateway);
const victim = await team.offer('ana', 'pr-1');
await team.offer('eve', 'evil', '?access=public');
const { page } = await newProfile(browser);
const target = team.url('web--pr-1', '');

await team.logIn('ana', page);
await page.goto(`${target}/`);
await page.goto(team.url('web--evil'));
victim.web.seen.length = 0;

/** Everything that the victim's app was asked, beside what a person who follows a link asks for. */
function reached(): string[] {
  return victim.web.seen.map(({ method, path }) => `${method} ${path}`);
}

function element(visited: Page, html: string): Promise<string> {
  return visited.evaluate<string>(`new Promise((resolve) => {
    const holder = document.createElement('div');
    holder.innerHTML = ${JSON.stringify(html)};
    const loads = holder.firstElementChild;
    loads.addEventListener('load', () => resolve('load'));
    loads.addEventListener('error', () => resolve('error'));
    document.body.append(holder);
  })`);
}

t.test('no call of a page of another preview has an effect, though both are of one site', async (t) => {
  const included = await fetchIn(page, `${target}/echo`, { credentials: 'include' });
  t.equal(included.status, 0, 'it cannot even read the refusal');
  await fetchIn(page, `${target}/echo`, {
    credentials: 'include',
    mode: 'no-cors',
    method: 'POST',
    body: 'x',
  });
  await fetchIn(page, `${target}/echo`, { credentials: 'include', method: 'PUT', headers: { 'X-A': '1' } });
  await fetchIn(page, `${target}/echo`, {
    credentials: 'include',
    mode: 'no-cors',
    referrerPolicy: 'no-referrer',
  });
  await page.evaluate(`navigator.sendBeacon('${target}/beacon', 'x')`);
  t.equal(await echoIn(page, `${target.replace('https', 'wss')}/socket`), 'closed');
  t.equal(await eventIn(page, `${target}/events`), 'error');
  t.same(reached(), []);
});

t.test('nor does what its markup loads', async (t) => {
  t.equal(await element(page, `<img src="${target}/image.png">`), 'error');
  await element(page, `<link rel="stylesheet" href="${target}/style.css">`);
  await element(page, `<iframe src="${target}/frame"></iframe>`);
  await page.evaluate(`new Promise((resolve) => {
    const script = document.createElement('script');
    script.src = '${target}/script.js';
    script.onload = script.onerror = resolve;
    document.body.append(script);
  })`);
  t.equal(await page.evaluate('typeof window.loaded'), 'undefined');
  t.same(reached(), []);
});

t.test('nor a form that it sends', async (t) => {
  await page.setContent(
    `<form method="post" action="${target}/form"><input name="a" value="1"><button>go</button></form>`,
  );
  await Promise.all([page.waitForURL(`${target}/form`), page.click('button')]);
  t.same(reached(), []);
});

t.test('a link to the preview works', async (t) => {
  await page.goto(team.url('web--evil'));
  await page.setContent(`<a href="${target}/linked">go</a>`);
  await Promise.all([page.waitForURL(`${target}/linked`), page.click('a')]);
  t.equal(await page.title(), 'web of pr-1');
  t.ok(reached().includes('GET /linked'));
});
