export interface Remembered {
  /** Then all is forgotten. */
  readonly maxTexts: number;
  /** Longer ones are made anew each time. */
  readonly maxLength: number;
}

/** The same function, for texts that come again and again: what it makes of one depends on that alone, and is remembered. */
export function remembering<T>(
  make: (text: string) => T,
  { maxTexts, maxLength }: Remembered,
): (text: string) => T {
  const made = new Map<string, { readonly value: T }>();
  return (text) => {
    const known = made.get(text);
    if (known !== undefined) return known.value;
    const value = make(text);
    if (text.length > maxLength) return value;
    if (made.size >= maxTexts) made.clear();
    made.set(text, { value });
    return value;
  };
}
