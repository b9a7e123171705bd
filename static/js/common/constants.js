// What the server and the scripts both go by, as the server says it (`stories/pages/constants.py`).

const {
  http: HTTP,
  close: CLOSE,
  error: ERROR,
  kind: KIND,
  status: STATUS,
  decision: DECISION,
  mode: MODE,
  anew: ANEW,
  acknowledge_every: ACKNOWLEDGE_EVERY, // code points
  max_selected_length: MAX_SELECTED_LENGTH, // code points
  default_max_words: DEFAULT_MAX_WORDS,
  active,
} = JSON.parse(document.getElementById("page-constants").textContent);

const ACTIVE = new Set(active);

export {
  ACKNOWLEDGE_EVERY, ACTIVE, ANEW, CLOSE, DECISION, DEFAULT_MAX_WORDS, ERROR, HTTP, KIND,
  MAX_SELECTED_LENGTH, MODE, STATUS,
};
