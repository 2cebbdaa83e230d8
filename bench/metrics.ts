/** Sums the samples of one metric in Prometheus' text format; undefined when it is not there. */
export function metricValue(text: string, name: string): number | undefined {
  const samples = text
    .split('\n')
    .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
    // `name{labels} value [timestamp]`: a label's value may hold spaces, but no `}` follows the last one.
    .map((line) =>
      Number(
        line
          .slice(line.lastIndexOf('}') + 1)
          .replace(name, '')
          .trim()
          .split(' ')[0],
      ),
    );
  return samples.length === 0 ? undefined : samples.reduce((sum, value) => sum + value, 0);
}
