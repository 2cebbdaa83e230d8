import { parseLabel } from '../../core/names.ts';
import { handOverQuery, type HandOver } from '../access/hand-over.ts';
import { loginPath } from '../access/own-paths.ts';
import { markup, type Html } from '../pages/html.ts';

/** Begins a login with a provider. */
const withPath = '/_porthole/login/with';

/** What the ways in are made of: what is asked for, and what the gateway offers; nothing of what there is. */
export interface WaysIn {
  /** Undefined where nothing is asked for but to log in. */
  readonly target: HandOver | undefined;
  readonly providers: readonly { readonly name: string; readonly title: string }[];
  readonly domain: string;
  readonly sshPort: number;
  /** A password was tried, and is wrong. */
  readonly wrongPassword: boolean;
}

/** All the ways to log in, and to get in without: the same whether there is such a preview or not. */
export function waysIn(ways: WaysIn): Html {
  const { target, wrongPassword } = ways;
  return markup`${providerButtons(ways)}${keyLogin(ways)}${target && passwordForm(target, wrongPassword)}${target && shareLink(target, ways)}`;
}

/** Links with the look of buttons, one for each provider. */
export function providerButtons({
  target,
  providers,
}: Pick<WaysIn, 'target' | 'providers'>): Html | undefined {
  if (providers.length === 0) return undefined;
  const query = target === undefined ? '' : `&${handOverQuery(target)}`;
  const items = providers.map(({ name, title }) => {
    const href = `${withPath}?${new URLSearchParams({ provider: name }).toString()}${query}`;
    return markup`<li><a class="button main" href="${href}">Continue with ${title}</a></li>`;
  });
  return markup`<section>
<h2>With your account</h2>
<ul class="choices">${items}</ul>
</section>
`;
}

/** The fields by which a form says what is asked for. */
export function targetFields({ label, path, state, share }: HandOver): Html {
  const fields = { to: label, return: path, state, ...(share !== undefined && { share }) };
  const inputs = Object.entries(fields).map(
    ([name, value]) => markup`<input type="hidden" name="${name}" value="${value}">`,
  );
  return markup`${inputs}`;
}

export function passwordForm(target: HandOver, wrong: boolean): Html {
  const error = wrong
    ? markup`<p class="wrong" id="wrong" role="alert">That password does not open it.</p>\n`
    : undefined;
  const marks = wrong ? markup` aria-invalid="true" aria-describedby="wrong" autofocus` : undefined;
  return markup`<section>
<h2>With the password of the preview</h2>
<form method="post" action="${loginPath}">
${error}${targetFields(target)}
<label for="password">Password</label>
<input id="password" name="password" type="password" required maxlength="256" autocomplete="current-password"${marks}>
<button>Open with the password</button>
</form>
</section>
`;
}

function keyLogin({ target, ...gateway }: WaysIn): Html {
  const again =
    target === undefined
      ? undefined
      : markup` Then come back and <a href="${loginPath}?${handOverQuery(target)}">go on from here</a>.`;
  return markup`<section>
<h2>With your SSH key</h2>
<p>If your key may log in here, run this in a terminal, and open the link that it prints in this browser.${again}</p>
${command('login', gateway)}
</section>
`;
}

function shareLink({ label }: HandOver, gateway: Gateway): Html {
  return markup`<section>
<h2>With a share link</h2>
<p>Whoever runs the preview can make you a link that opens it, without an account:</p>
${command(`share ${parseLabel(label)?.env ?? label}`, gateway)}
</section>
`;
}

type Gateway = Pick<WaysIn, 'domain' | 'sshPort'>;

/** To be copied: one click selects all of it. */
function command(words: string, { domain, sshPort }: Gateway): Html {
  const port = sshPort === 22 ? '' : `-p ${String(sshPort)} `;
  return markup`<pre tabindex="0" role="group" aria-label="Command"><code>ssh ${port}${domain} ${words}</code></pre>`;
}
