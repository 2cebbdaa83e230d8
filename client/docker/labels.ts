import { optionNames } from '../../core/forward.ts';
import { type Parsed, problem } from '../../core/parsed.ts';
import { quote } from '../../core/quote.ts';
import type { Container } from './container.ts';

const prefix = 'porthole.';
const ownNames = ['enable', 'service', 'port', 'default'];

/** What a container's labels say about its forwards. */
export interface Wishes {
  /** `porthole.service`, else the compose service, else the container's name. */
  readonly service: string;
  /** `name=value`, for what the labels say of the forward's options. */
  readonly words: readonly string[];
  /** Also offered as the environment's default service. */
  readonly isDefault: boolean;
}

export function readWishes({ labels, name }: Container): Parsed<Wishes> {
  const known = [...ownNames, ...optionNames];
  const unknown = Object.keys(labels).find(
    (label) => label.startsWith(prefix) && !known.includes(label.slice(prefix.length)),
  );
  // A misspelt option must not pass for none: it may have been meant to keep something closed.
  if (unknown !== undefined)
    return problem(
      `unknown label ${quote(unknown)}: the labels are ${known.map((own) => prefix + own).join(', ')}`,
    );
  const isDefault = labels['porthole.default']?.trim().toLowerCase() ?? 'false';
  if (isDefault !== 'true' && isDefault !== 'false')
    return problem(`label porthole.default: ${quote(isDefault)} is neither true nor false`);
  const service = labels['porthole.service']?.trim() ?? labels['com.docker.compose.service'] ?? name;
  return { ok: true, value: { service, words: optionWords(labels), isDefault: isDefault === 'true' } };
}

function optionWords(labels: Container['labels']): string[] {
  return optionNames.flatMap((option) => {
    const value = labels[prefix + option];
    return value === undefined ? [] : [`${option}=${value.trim()}`];
  });
}
