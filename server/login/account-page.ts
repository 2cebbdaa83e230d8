import { loginPath } from '../access/own-paths.ts';
import type { GrantRecord } from '../access/grant-record.ts';
import { accountName, type Account, type SessionRecord } from '../access/session-record.ts';
import type { Viewer } from '../access/viewer.ts';
import { markup, type Html } from '../pages/html.ts';
import { timeText } from '../pages/time-text.ts';
import { browserName } from '../access/browser-name.ts';
import { accountPath } from './paths.ts';

/** What the page of an account shows. */
export interface AccountView {
  readonly login: { readonly session: SessionRecord; readonly viewer: Viewer } | undefined;
  /** The account's live ones, this one included. */
  readonly sessions: readonly SessionRecord[];
  /** What this browser may open without an account. */
  readonly grants: readonly GrantRecord[];
}

export function accountMain({ login, sessions, grants }: AccountView): Html {
  return markup`${login === undefined ? nobody() : somebody(login)}${login && sessionList(login.session, sessions)}${grantList(grants)}`;
}

function nobody(): Html {
  return markup`<h1>You are not signed in</h1>
<p><a class="button main" href="${loginPath}">Sign in</a></p>
`;
}

function somebody({ session, viewer }: NonNullable<AccountView['login']>): Html {
  const name = accountName(session.account);
  return markup`<h1>You are signed in as ${name}</h1>
<p>${cameBy(session.account)} This login ends ${timeText(session.expiresAt)}.</p>
<section>
<h2>What you may see</h2>
<ul>${sights(viewer).map((sight) => markup`<li>${sight}</li>`)}</ul>
</section>
${button('sign-out', 'Sign out', 'main')}`;
}

function cameBy(account: Account): Html {
  if (account.kind === 'key')
    return markup`You logged in with the SSH key <code>${account.fingerprint}</code>.`;
  const { provider, name, email } = account;
  const who = [name, email].filter((each) => each !== undefined).join(', ');
  return markup`You logged in with ${provider}${who === '' ? '' : ` (${who})`}.`;
}

function sights({ admin, member, principal, envPatterns, email }: Viewer): Html[] {
  if (admin) return [markup`all previews, as an administrator`];
  return [
    markup`previews that are open to everybody`,
    ...(member ? [markup`previews that are open to the team`] : []),
    ...(principal === undefined ? [] : [markup`the previews of <strong>${principal}</strong>`]),
    ...envPatterns.map((pattern) =>
      pattern === '*'
        ? markup`private previews`
        : markup`private previews whose name fits <code>${pattern}</code>`,
    ),
    ...(email === undefined ? [] : [markup`previews that a link invites ${email} to`]),
  ];
}

function sessionList(own: SessionRecord, sessions: readonly SessionRecord[]): Html {
  const items = sessions.map((session) => sessionItem(session, session.id === own.id));
  const all = sessions.length < 2 ? undefined : button('sign-out-everywhere', 'Sign out everywhere');
  return markup`<section>
<h2>Where you are signed in</h2>
<ul class="rows">${items}</ul>
${all}</section>
`;
}

function sessionItem(session: SessionRecord, isThis: boolean): Html {
  const { id, userAgent, createdAt, lastSeenAt, lastSeenFrom } = session;
  const name = browserName(userAgent);
  const mark = isThis ? markup` <strong>(this browser)</strong>` : undefined;
  const end = isThis
    ? undefined
    : markup`<form method="post" action="${accountPath}"><input type="hidden" name="action" value="end"><input type="hidden" name="session" value="${id}"><button aria-label="Sign out ${name}, last seen ${lastSeenFrom}">Sign out there</button></form>`;
  return markup`<li>${name}${mark}<br><span class="note">Last seen ${timeText(lastSeenAt)} from ${lastSeenFrom}; signed in ${timeText(createdAt)}</span>${end}</li>`;
}

const nouns = { link: 'a share link', token: 'a token', password: 'its password' } as const;

function grantList(grants: readonly GrantRecord[]): Html | undefined {
  if (grants.length === 0) return undefined;
  const items = grants.map(({ env, service, kind, expiresAt }) => {
    const what = service === undefined ? env : `${service} of ${env}`;
    const until = expiresAt === undefined ? undefined : markup` until ${timeText(expiresAt)}`;
    return markup`<li>${what}<br><span class="note">by ${nouns[kind]}${until}</span></li>`;
  });
  return markup`<section>
<h2>What this browser opens without an account</h2>
<ul class="rows">${items}</ul>
${button('forget', 'Forget these')}
</section>
`;
}

function button(action: string, text: string, look = ''): Html {
  return markup`<form method="post" action="${accountPath}"><input type="hidden" name="action" value="${action}"><button class="${look}">${text}</button></form>
`;
}
