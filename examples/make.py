"""Makes the example models and their data: ``python make.py [NAME ...]``, run in this folder.

The versions are those of ``../fixtures/generate/requirements/1.9.1.txt``, and the skiff package is required as well;
a second run writes the same bytes.
The balance-scale tree comes from a much older scikit-learn: see ``make_balance_scale.py``.
Next to each model, ``NAME.expected.json`` has scikit-learn's own answers, one list entry for each row.
"""

import json
import os
import sys

# Threads change the order of sums and OpenBLAS its kernels by processor: fixed before anything is imported.
FIXED = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "OPENBLAS_CORETYPE": "Haswell", "PYTHONHASHSEED": "0"}
# The passport of a `.skiff` says when it was made, and at which commit: neither may change.
FIXED.update({"SOURCE_DATE_EPOCH": "1764028800", "GIT_DIR": os.devnull})
if any(os.environ.get(key) != value for key, value in FIXED.items()):
    os.environ.update(FIXED)
    os.execv(sys.executable, [sys.executable] + sys.argv)

import joblib
import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_digits, load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC

import skiff


def expect(name, model, rows, methods):
    """Writes what the model answers, with floats that read back exactly."""
    lines = []
    for method in methods:
        answers = ",\n".join("  " + json.dumps(row, ensure_ascii=False) for row in getattr(model, method)(rows).tolist())
        lines.append(' "%s": [\n%s\n ]' % (method, answers))
    with open(name + ".expected.json", "w", encoding="utf-8", newline="\n") as out:
        out.write("{\n%s\n}\n" % ",\n".join(lines))


def write_csv(table, path):
    table.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")


def iris_svc():
    """A support vector machine on a DataFrame with the names of the features."""
    data = load_iris(as_frame=True)
    table = data.data.assign(species=data.target_names[data.target])
    write_csv(table, "iris.csv")
    rows = data.data
    model = SVC(gamma="scale").fit(rows, table["species"].to_numpy(dtype=str))
    joblib.dump(model, "iris-svc.joblib")
    expect("iris-svc", model, rows, ["predict", "decision_function"])


def digits_forest():
    """A forest of 200 trees behind a scaler, in a compressed file."""
    data = load_digits()
    model = make_pipeline(StandardScaler(), RandomForestClassifier(n_estimators=200, random_state=0))
    model.fit(data.data[:1400], data.target[:1400])
    joblib.dump(model, "digits-forest.joblib", compress=3)
    rows = data.data[1400:].astype(np.uint8)
    np.save("digits.npy", rows)
    write_csv(pd.DataFrame(rows, columns=data.feature_names), "digits.csv")
    expect("digits-forest", model, rows, ["predict", "predict_proba"])


def spam_filter():
    """Tf-idf and logistic regression over short messages, one on each line of `messages.txt`."""
    texts = SPAM + HAM
    labels = ["spam"] * len(SPAM) + ["ham"] * len(HAM)
    model = Pipeline([
        ("words", TfidfVectorizer(strip_accents="unicode", ngram_range=(1, 2), sublinear_tf=True)),
        ("model", LogisticRegression(C=20.0)),
    ]).fit(texts, labels)
    # The vectorizer keeps the address of its stop words to warn once: any number does, and this one stays.
    model.named_steps["words"]._stop_words_id = 0x7F0123456780
    joblib.dump(model, "spam-filter.joblib")
    messages = [text for pair in zip(SPAM, HAM) for text in pair] + UNSEEN
    with open("messages.txt", "w", encoding="utf-8", newline="\n") as out:
        out.write("".join(text + "\n" for text in messages))
    expect("spam-filter", model, messages, ["predict", "predict_proba"])


def passengers():
    """Numbers and words with missing cells, each treated in its own way."""
    rng = np.random.RandomState(1912)
    n = 200
    rank = rng.choice([1, 2, 3], size=n, p=[0.25, 0.25, 0.5])
    sex = rng.choice(["female", "male"], size=n)
    age = np.clip(rng.normal(32, 15, size=n), 1, 80).round()
    fare = (rng.gamma(2.0, 12.0, size=n) * (4 - rank)).round(2)
    port = rng.choice(["Southampton", "Cherbourg", "Queenstown"], size=n, p=[0.6, 0.25, 0.15]).astype(object)
    alone = rng.uniform(size=n) < 0.5
    score = 1.2 * (sex == "female") - 0.7 * (rank - 2) - 0.02 * (age - 30) + rng.normal(scale=0.6, size=n)
    age[rng.uniform(size=n) < 0.15] = np.nan
    fare[rng.uniform(size=n) < 0.05] = np.nan
    port[rng.uniform(size=n) < 0.05] = None
    table = pd.DataFrame({"rank": rank, "sex": sex, "age": age, "fare": fare, "port": port, "alone": alone, "survived": np.where(score > 0.3, "yes", "no")})
    write_csv(table, "passengers.csv")
    table = pd.read_csv("passengers.csv")
    rows = table.drop(columns="survived")
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    words = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore"))
    model = Pipeline([
        ("columns", ColumnTransformer([("numbers", numbers, ["age", "fare"]), ("words", words, ["sex", "port", "rank"])], remainder="passthrough")),
        ("model", LogisticRegression()),
    ]).fit(rows, table["survived"].to_numpy(dtype=str))
    joblib.dump(model, "passengers.joblib")
    expect("passengers", model, rows, ["predict", "predict_proba"])
    return model, rows, table["survived"].to_numpy(dtype=str)


def passengers_with_passport():
    """The same with its passport, and ten rows with their answers."""
    model, rows, survived = passengers()
    skiff.dump(
        model,
        "passengers.skiff",
        X_sample=rows[:10],
        data="passengers.csv",
        source="make.py",
        cv=(StratifiedKFold(5, shuffle=True, random_state=0), rows, survived, "accuracy"),
        metrics={"accuracy on the training data": model.score(rows, survived)},
        author="the authors of skiff",
        notes="The passengers are invented.\nSo is the ship.",
    )


SPAM = [
    "WIN a FREE cruise for two, reply YES now!!!",
    "Congratulations, you have been selected for a cash prize of £1000",
    "Lowest price on pills, no prescription, order today",
    "URGENT: your account is suspended, click here to verify your password",
    "Make $5000 a week from home, no experience needed",
    "Claim your free gift card before midnight",
    "Hot singles near you want to chat tonight",
    "You won the lottery! Send your bank details to collect the money",
    "Cheap replica watches, 90% off, limited offer",
    "Get a loan in 5 minutes, bad credit welcome",
    "Final notice: your parcel is held, pay the fee by this link",
    "Double your bitcoin in 24 hours, guaranteed profit",
    "Exclusive deal just for you: buy one get two free",
    "Your phone has a virus!!! Install this cleaner now",
    "Free ringtone, text TONE to 80082, £3 a week",
    "Lose 10 kg in 10 days with this one weird trick",
    "Act now! Last chance to save on car insurance",
    "Dear friend, I am a prince and need your help to move $12,000,000",
    "Meet rich investors, earn passive income, click here",
    "You are our 1,000,000th visitor! Claim your prize",
    "Casino bonus: 100 free spins, no deposit required",
    "Unlock premium movies for free, enter your card to confirm",
    "Miracle cream removes wrinkles overnight, order now",
    "Your refund of €389 is ready, confirm your bank account",
    "Get followers fast, 1000 likes for only $1",
    "Congratulations! A new phone is waiting for you, pay shipping only",
    "Work from home and get paid daily, sign up free",
    "Reply STOP to stop or WIN to win a holiday in Spain",
    "Your subscription expires today, update your card details here",
    "Secret stock tip: this share will rise 400% tomorrow",
    "Free trial of our weight loss tea, limited stock",
    "Verify your identity or lose access to your bank account",
    "Special offer: designer bags at factory price",
    "You have 1 unread voice message, click the link to listen",
    "Instant cash for your old gold, best price guaranteed",
    "Earn a degree in two weeks, no exams, order your diploma",
    "Send this to ten friends and win a free voucher",
    "Hurry, only 3 left! Free shipping if you order now",
    "Your prize code is 7781, call 0900 now to claim",
    "Act fast: crypto giveaway, send 1 and get 2 back",
]
HAM = [
    "Are we still meeting for lunch at noon?",
    "I will be ten minutes late, the tram is full",
    "Could you send me the slides from Monday's meeting?",
    "Happy birthday! Hope you have a lovely day",
    "The children are at school until four today",
    "Please remember to buy milk and bread on your way home",
    "Thanks for dinner yesterday, the soup was great",
    "My train arrives at 18:42, can you pick me up?",
    "The dentist moved your appointment to Thursday morning",
    "I finished the report, comments are welcome",
    "Let's go for a walk by the lake this afternoon",
    "Grandma says hello and asks when you will visit",
    "The meeting is in room 204, not 201",
    "Can you call me when you have a minute?",
    "Your library books are due next week",
    "I left the keys with the neighbour",
    "See you at the café at nine, I'll have a table",
    "The tests pass now, I merged the branch",
    "Mum is feeling better, the doctor was happy",
    "Do you want to watch the match together tonight?",
    "I'm at the station, which exit are you at?",
    "The washing machine is broken again, can you look at it?",
    "Sorry, I missed your call, I was in a meeting",
    "We need two more chairs for the party on Saturday",
    "The weather is awful, shall we stay home?",
    "Here are the photos from our trip to Genève",
    "I'll cook pasta tonight, any wishes?",
    "Your parcel was left with the concierge",
    "Good luck with your exam tomorrow!",
    "The dog needs a walk before you leave",
    "Can we move our call to three o'clock?",
    "I read your draft and like the second part best",
    "The bakery opens at seven, I will get croissants",
    "Did you find the receipt for the heater?",
    "We are out of coffee, please bring some",
    "The piano lesson is cancelled this week",
    "Thank you for the flowers, they are beautiful",
    "I'm home, the key was under the mat",
    "Let me know when you land safely",
    "The bank closes at five, I will go tomorrow",
]
UNSEEN = [
    "free money for your account, click now",
    "lunch tomorrow at the usual café?",
    "can you pay me back for the tickets on friday",
    "FREE ENTRY: win tickets to the final, call now",
    "Réponds-moi quand tu peux, merci",
    "the free library opens at ten",
    "",
    "???",
]

EXAMPLES = {"iris-svc": iris_svc, "digits-forest": digits_forest, "spam-filter": spam_filter, "passengers": passengers, "passengers.skiff": passengers_with_passport}

if __name__ == "__main__":
    for name in sys.argv[1:] or EXAMPLES:
        EXAMPLES[name]()
