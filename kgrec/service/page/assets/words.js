/** The page's texts and numbers in its language. */

export const language = document.documentElement.lang;

const answer = await fetch(new URL(`words_${language}.json`, import.meta.url));
const words = await answer.json();

/** A text, with what stands for its {places}. */
export function t(key, places = {}) {
  return words[key].replace(/{(\w+)}/g, (_, name) => places[name]);
}

/** Whether there is such a text. */
export const has = (key) => key in words;

const whole = new Intl.NumberFormat(language);
const two = new Intl.NumberFormat(language, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const three = new Intl.NumberFormat(language, { minimumFractionDigits: 3, maximumFractionDigits: 3 });
const withSign = new Intl.NumberFormat(language, {
  minimumFractionDigits: 2,
  maximumFractionDigits: 2,
  signDisplay: "exceptZero",
});
const percent = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 0 });
const day = new Intl.DateTimeFormat(language, { dateStyle: "medium" });
const minute = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
const second = new Intl.DateTimeFormat(language, { timeStyle: "medium" });

const minus = (text) => text.replace("-", "−");

export const count = (n) => whole.format(n);
export const number = (n) => minus(two.format(n));
export const measure = (n) => minus(three.format(n));
export const signed = (n) => minus(withSign.format(n));
export const onDay = (date) => day.format(date);
export const atMinute = (date) => minute.format(date);
export const atSecond = (date) => second.format(date);

/** A share; what is not nothing is not shown as 0 %. */
export function share(part) {
  const size = Math.abs(part);
  if (size > 0 && size < 0.005) return `<${percent.format(0.01)}`;
  return minus(percent.format(part));
}
