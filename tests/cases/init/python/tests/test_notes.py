import notes


def test_notes_are_listed():
    answer = notes.app.test_client().get("/")
    assert [note["title"] for note in answer.json] == ["Milk", "Bread"]
