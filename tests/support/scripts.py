"""A few sentences of many scripts, with how many words each has: for the server and the page."""

from typing import NamedTuple


class Told(NamedTuple):
    """A text by its script's or language's name, and how many words it has by Unicode's rules."""

    name: str
    words: int
    text: str


CHINESE_PASSAGE = (
    "清晨，渔村还笼罩在薄雾里，小明提着一盏旧灯笼走向海边。海浪轻轻拍打着礁石，远处的灯塔一闪一闪，"
    "好像在对他说话。他停下脚步，抬头望着那束光，心里既害怕又好奇。\n\n"
    "奶奶曾经告诉他，灯塔里住着一位老人，老人保管着一把银钥匙。谁要是拿到这把钥匙，就能打开海底的门。"
    "小明不相信这些故事，可是今天晚上，他看见门真的开了。"
)

TEXTS = (
    Told("English", 12, "Anna’s well-kept lamp — 3.5 pounds of it — didn't burn, said O'Brien."),
    Told("Chinese", 86, CHINESE_PASSAGE),
    Told("short Chinese", 9, "小明走进森林。他看见一只白色的狐狸。"),
    Told("Japanese", 14, "少女は灯台へ走った。「カモメが見える！」と言った。"),
    Told("Thai", 11, "เด็กหญิงเดินไปที่ทะเล และมองเห็นประภาคารเก่า"),
    Told("Lao", 3, "ເດັກນ້ອຍຍ່າງໄປທະເລ"),
    Told("Khmer", 3, "ក្មេងស្រីដើរទៅសមុទ្រ។"),
    Told("Burmese", 8, "ကလေးမလေးသည် ပင်လယ်သို့ သွားသည်။"),
    Told("Hindi", 8, "लड़की समुद्र की ओर चली। वह ख़ुश थी।"),
    Told("Bengali", 4, "মেয়েটি সমুদ্রের দিকে গেল।"),
    Told("Tamil", 3, "சிறுமி கடலுக்குச் சென்றாள்."),
    Told("Arabic", 7, "ذهبت ليلى إلى البحر، ومعها فانوسٌ قديم."),
    Told("Hebrew", 6, "שלום עולם. הילדה הלכה אל הים!"),
    Told("Hebrew with a quote", 3, 'צה"ל הלך הביתה.'),
    Told("Persian", 4, "دختر به دریا می‌رفت."),
    Told("Korean", 4, "민수는 오래된 등대로 갔다."),
    Told("Russian", 8, "Анна из-за тумана не видела маяк, увы."),
    Told("Greek", 5, "Τι θέλεις, Άννα; Το φως;"),
    Told("Armenian", 4, "Աննան գնաց դեպի ծով։"),
    Told("Georgian", 3, "ანა ზღვისკენ წავიდა."),
    Told("Amharic", 4, "አና ወደ ባሕር ሄደች።"),
    Told("German", 5, "Die Donaudampfschifffahrtsgesellschaft fuhr am Leuchtturmwärterhäuschen."),
    Told("French", 7, "« L’île d’Élodie n’a qu’un phare », dit Zoë."),
    Told("decomposed French", 3, "E\u0301lodie et Zoe\u0308"),
    Told("Turkish", 4, "Ayşe'nin İstanbul'da evi var."),
    Told("Vietnamese", 7, "Cô bé đi ra ngọn hải đăng."),
    Told("signs", 0, "— … 🙂 👩‍👩‍👧 ❤️ * * *"),
    Told("mixed", 8, "小明 said “hello” in 2024年，用 iPhone。"),
    Told("halves of characters", 2, "one \ud83d two"),
)
